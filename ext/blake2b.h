/* BLAKE2b (RFC 7693), sequential, keyed and personalised. */
#ifndef MEDISCAN_BLAKE2B_H
#define MEDISCAN_BLAKE2B_H
#include <stdint.h>
#include <string.h>

enum { BLAKE2B_BLOCK = 128, BLAKE2B_KEY = 64, BLAKE2B_PERSON = 16, BLAKE2B_DIGEST = 64 };

typedef struct {
    uint64_t h[8];
    uint64_t taken;                 /* bytes, those in `block` not among them */
    uint8_t block[BLAKE2B_BLOCK];
    size_t used;                    /* bytes in `block`; a full one waits, as it may be the last */
} blake2b_state;

static const uint64_t blake2b_iv[8] = {
    0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
    0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL, 0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL,
};

static const uint8_t blake2b_sigma[12][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

static inline uint64_t blake2b_load(const uint8_t *p) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static inline uint64_t blake2b_turn(uint64_t v, int n) { return v >> n | v << (64 - n); }

#define BLAKE2B_MIX(a, b, c, d, x, y)                                                                                    \
    a += b + (x); d = blake2b_turn(d ^ a, 32); c += d; b = blake2b_turn(b ^ c, 24);                                      \
    a += b + (y); d = blake2b_turn(d ^ a, 16); c += d; b = blake2b_turn(b ^ c, 63)

static void blake2b_compress(blake2b_state *s, int last) {
    uint64_t m[16], v[16];
    for (int i = 0; i < 16; i++) m[i] = blake2b_load(s->block + 8 * i);
    for (int i = 0; i < 8; i++) v[i] = s->h[i], v[i + 8] = blake2b_iv[i];
    v[12] ^= s->taken;              /* never 2^64 bytes, so the counter's upper half is 0 */
    if (last) v[14] = ~v[14];
    for (int r = 0; r < 12; r++) {
        const uint8_t *o = blake2b_sigma[r];
        BLAKE2B_MIX(v[0], v[4], v[8], v[12], m[o[0]], m[o[1]]);
        BLAKE2B_MIX(v[1], v[5], v[9], v[13], m[o[2]], m[o[3]]);
        BLAKE2B_MIX(v[2], v[6], v[10], v[14], m[o[4]], m[o[5]]);
        BLAKE2B_MIX(v[3], v[7], v[11], v[15], m[o[6]], m[o[7]]);
        BLAKE2B_MIX(v[0], v[5], v[10], v[15], m[o[8]], m[o[9]]);
        BLAKE2B_MIX(v[1], v[6], v[11], v[12], m[o[10]], m[o[11]]);
        BLAKE2B_MIX(v[2], v[7], v[8], v[13], m[o[12]], m[o[13]]);
        BLAKE2B_MIX(v[3], v[4], v[9], v[14], m[o[14]], m[o[15]]);
    }
    for (int i = 0; i < 8; i++) s->h[i] ^= v[i] ^ v[i + 8];
}

static void blake2b_absorb(blake2b_state *s, const void *data, size_t n) {
    const uint8_t *p = (const uint8_t *)data;
    while (n > 0) {
        size_t room = BLAKE2B_BLOCK - s->used, take = n < room ? n : room;
        if (room == 0) {
            s->taken += BLAKE2B_BLOCK;
            blake2b_compress(s, 0);
            s->used = 0;
            continue;
        }
        memcpy(s->block + s->used, p, take);
        s->used += take;
        p += take;
        n -= take;
    }
}

/* `size` and `key_length` are at most 64; a key takes the first block. */
static void blake2b_start(blake2b_state *s, int size, const void *key, int key_length, const uint8_t person[BLAKE2B_PERSON]) {
    static const uint8_t zeros[BLAKE2B_BLOCK];
    memcpy(s->h, blake2b_iv, sizeof s->h);
    s->h[0] ^= 0x01010000u | (uint32_t)key_length << 8 | (uint32_t)size;
    s->h[6] ^= blake2b_load(person);
    s->h[7] ^= blake2b_load(person + 8);
    s->taken = 0;
    s->used = 0;
    if (key_length > 0) {
        blake2b_absorb(s, key, (size_t)key_length);
        blake2b_absorb(s, zeros, (size_t)(BLAKE2B_BLOCK - key_length));
    }
}

/* Work on a full block at once: more will follow. */
static void blake2b_settle(blake2b_state *s) {
    if (s->used == BLAKE2B_BLOCK) {
        s->taken += BLAKE2B_BLOCK;
        blake2b_compress(s, 0);
        s->used = 0;
    }
}

static void blake2b_finish(blake2b_state *s, uint8_t *out, int size) {
    s->taken += s->used;
    memset(s->block + s->used, 0, BLAKE2B_BLOCK - s->used);
    blake2b_compress(s, 1);
    for (int i = 0; i < size; i++) out[i] = (uint8_t)(s->h[i / 8] >> (8 * (i % 8)));
}

#endif
