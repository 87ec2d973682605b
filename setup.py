"""One rule: every ext/<name>.pyx becomes the extension module mediscan._native.<name>."""

from pathlib import Path

from setuptools import Extension, setup

SHARED = sorted(str(p) for pattern in ("*.pxd", "*.h") for p in Path("ext").glob(pattern))

setup(
    ext_modules=[
        Extension(
            f"mediscan._native.{source.stem}",
            [str(source)],
            include_dirs=["ext"],
            depends=SHARED,
            extra_compile_args=["-O3", "-fvisibility=hidden"],
        )
        for source in sorted(Path("ext").glob("*.pyx"))
    ]
)
