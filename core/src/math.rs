//! Square root, and what kernels need per element.
