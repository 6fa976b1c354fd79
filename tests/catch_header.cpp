// Nothing: it stands for the header that is precompiled with it.
