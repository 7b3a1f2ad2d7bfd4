//! The order of samples.

use flatmin::rng::{Draws, Key, Stream};

/// A fresh permutation of `0..len` for every epoch.
pub(crate) fn epoch(seed: u64, epoch: u32, len: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    Draws::new(Key::new(seed, Stream::Shuffle, epoch)).shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_and_each_epoch_has_its_own() {
        let mut order = epoch(1, 0, 30);
        assert_ne!(order, epoch(1, 1, 30));
        assert_ne!(order, epoch(2, 0, 30));
        order.sort_unstable();
        assert!(order.into_iter().eq(0..30));
    }
}
