"""The CUDA path: in the simulator, as PTX, and on a GPU where there is one."""
