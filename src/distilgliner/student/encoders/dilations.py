"""The shape of a convolutional block, which the exported graph shares with the torch module."""

DILATIONS = (1, 2, 4)
KERNEL = 3
