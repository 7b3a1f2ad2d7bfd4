//! What the cross-crate tests share: the tolerance table, test problems, the `Device` backend.
