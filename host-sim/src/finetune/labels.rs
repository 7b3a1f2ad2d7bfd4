//! Wrong labels.

use flatmin::rng::{Draws, Key, Stream};

/// Replaces each label, with probability `p`, by another class: uniformly drawn, never the right one.
///
/// Whether a label is wrong, and how, depends on its place and the seed; labels that are wrong at some `p` are wrong in
/// the same way at every greater one.
pub(crate) fn corrupt(labels: &mut [u8], classes: usize, p: f32, seed: u64) {
    let mut draws = Draws::new(Key::new(seed, Stream::LabelNoise, 0));
    for label in labels {
        let (coin, other) = (draws.unit(), draws.below(classes.saturating_sub(1) as u32) as u8);
        if coin < p && classes > 1 {
            *label = if other < *label { other } else { other + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: [u8; 1000] = [3; 1000];

    fn corrupted(p: f32, seed: u64) -> [u8; 1000] {
        let mut labels = CLEAN;
        corrupt(&mut labels, 7, p, seed);
        labels
    }

    #[test]
    fn no_noise_changes_nothing_and_full_noise_everything() {
        assert_eq!(corrupted(0.0, 1), CLEAN);
        assert!(corrupted(1.0, 1).iter().all(|&label| label != 3 && label < 7));
    }

    #[test]
    fn the_share_of_wrong_labels_is_p_and_every_other_class_is_as_likely() {
        let wrong: Vec<u8> = corrupted(0.4, 2).into_iter().filter(|&label| label != 3).collect();
        assert!((350..450).contains(&wrong.len()), "{}", wrong.len());
        for class in [0, 1, 2, 4, 5, 6] {
            let count = wrong.iter().filter(|&&label| label == class).count();
            assert!((40..95).contains(&count), "class {class}: {count}");
        }
    }

    #[test]
    fn more_noise_keeps_the_wrong_labels_of_less() {
        let (less, more) = (corrupted(0.2, 3), corrupted(0.4, 3));
        assert!(less.iter().zip(&more).all(|(&less, &more)| less == 3 || less == more));
        assert_ne!(corrupted(0.2, 3), corrupted(0.2, 4));
    }
}
