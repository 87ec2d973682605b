"""Rules from elsewhere: CTP scripts and deid recipes, turned into policy and pixel region files of our own."""
