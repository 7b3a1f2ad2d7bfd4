//! RAM on a device: its parts, and what usual devices have.

use crate::finetune::Ram;

/// KiB of RAM of usual microcontrollers.
pub const BUDGETS: [usize; 4] = [16, 32, 64, 128];

/// The parts of [`Ram`], in the order of [`parts`].
pub const PART_NAMES: [&str; 4] = ["weights", "gradient", "state", "activations"];

/// Bytes of every part.
pub const fn parts(ram: Ram) -> [usize; 4] {
    [ram.weights, ram.gradient, ram.state, ram.activations]
}

/// Bytes in KiB.
pub fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}

/// The least budget in KiB that holds so many bytes.
pub fn fits(bytes: usize) -> Option<usize> {
    BUDGETS.into_iter().find(|budget| bytes <= 1024 * budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_everything_and_a_budget_is_met_exactly() {
        let ram = Ram { weights: 1, gradient: 20, state: 300, activations: 4000 };
        assert_eq!(parts(ram).iter().sum::<usize>(), ram.total());
        assert_eq!([16 * 1024, 16 * 1024 + 1, 128 * 1024 + 1].map(fits), [Some(16), Some(32), None]);
    }
}
