//! Every tolerance of the simulator, in one table, each with its reason.
//!
//! A comparison takes its bar from here and nowhere else, so that a loosened bar shows up in one place.

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// What the bar is for.
    pub name: &'static str,
    /// The bar.
    pub value: f64,
    /// Why this value.
    pub reason: &'static str,
}

/// Weights of a float64 trajectory, absolute.
pub const REPLAY_F64: Tolerance = Tolerance {
    name: "replay_f64",
    value: 1e-9,
    reason: "20 steps in f64 differ only in the order of sums; the largest distance seen is 3e-11 (norm eps)",
};

/// Weights of a float64 trajectory of a library that takes its norms in float32, absolute.
pub const REPLAY_F64_NORM_IN_F32: Tolerance = Tolerance {
    name: "replay_f64_norm_in_f32",
    value: 1e-7,
    reason: "pytorch_optimizer returns the gradient norm as float32 even in float64 runs: 6e-8 of the ascent length",
};

/// Weights of a float32 trajectory: how many times the library's own float32-to-float64 distance is allowed.
pub const REPLAY_F32_FACTOR: Tolerance = Tolerance {
    name: "replay_f32_factor",
    value: 4.0,
    reason: "two f32 runs with different summation orders each stray from f64 by about the same distance",
};

/// Weights of a float32 trajectory, relative distance that is always allowed.
pub const REPLAY_F32_FLOOR: Tolerance = Tolerance {
    name: "replay_f32_floor",
    value: 2e-6,
    reason: "17 ulp of float32: where the library's own distance is tiny by luck, rounding still shows",
};

/// Weights of a float32 trajectory: the largest float32-to-float64 distance of a library that is believed.
pub const REPLAY_F32_OWN_CAP: Tolerance = Tolerance {
    name: "replay_f32_own_cap",
    value: 1e-5,
    reason: "largest in any recorded case: 1.1e-6; more is a changed record, which must not loosen its own bar",
};

/// The perturbed point of one ascent in float32, per element, relative to `|w| + |e|`.
pub const ASCENT_F32: Tolerance = Tolerance {
    name: "ascent_f32",
    value: 2.0 / 8_388_608.0,
    reason: "2 * 2^-23: one rounding for the norm's scale, one for scale * g, one for the sum",
};

/// The noise sigma of LPF-SGD in a float32 file, relative.
pub const SIGMA_F32: Tolerance = Tolerance {
    name: "sigma_f32",
    value: 1e-6,
    reason: "a norm of float32 squares, rounded to float32, times a float32 factor: a few ulp",
};

/// Loss and gradient of a problem against a float64 record, relative to the largest element or 1.
pub const PROBLEM_F64: Tolerance = Tolerance {
    name: "problem_f64",
    value: 1e-10,
    reason: "the same formula in f64, sums in another order: 2e-15 seen, and a quadratic may cancel three digits more",
};

/// Loss and gradient of a problem in f64 against a float32 record, relative to the largest element or 1.
pub const PROBLEM_F32: Tolerance = Tolerance {
    name: "problem_f32",
    value: 2e-5,
    reason: "the record itself was computed in float32: 9e-7 seen, and a quadratic may cancel a digit more",
};

/// An element-wise kernel on a device that promises closeness, in units of the sum of the sizes of what an element reads.
pub const PARITY_ELEMENT: Tolerance = Tolerance {
    name: "parity_element",
    value: 16.0 / 8_388_608.0,
    reason: "2^-23 a rounding, up to ten of them, and a division and a root of 2.5 ULP that WGSL allows; no real GPU yet",
};

/// A sum on a device that promises closeness, in units of the sum of the squares of what it reads.
pub const PARITY_SUM: Tolerance = Tolerance {
    name: "parity_sum",
    value: 46.0 / 16_777_216.0,
    reason: "1 product, 32 additions in a lane, 5 folds, 7 tree levels, 1 to spare, of half an ULP each",
};

/// Noise on a device that promises closeness, in units of the weight and the largest noise of the vector.
pub const PARITY_NOISE: Tolerance = Tolerance {
    name: "parity_noise",
    value: 2e-6,
    reason: "the same polynomials; the root of the radius and that of the norm may be off by 2.5 ULP (3e-7) each",
};

/// A training run on a device that promises closeness: distance of the weights relative to their length, a root of the steps.
pub const PARITY_DRIFT: Tolerance = Tolerance {
    name: "parity_drift",
    value: 2e-6,
    reason: "a few roundings of 1e-7 a step that add up like a random walk; no real GPU yet",
};

/// A number of a table against the one that its rows give, in units of the last printed digit.
pub const PRINTED: Tolerance = Tolerance {
    name: "printed",
    value: 0.500_001,
    reason: "half a unit: rounding, and a millionth for a mean whose sum was taken in another order",
};

/// A few f64 operations on numbers of at most 100 against the same formula, absolute.
pub const F64_SUM: Tolerance = Tolerance {
    name: "f64_sum",
    value: 1e-9,
    reason: "unit tests: roundings of 1e-14 each, and no formula is right by chance to nine digits",
};

/// A number of the specification, absolute.
pub const NINE_DIGITS: Tolerance =
    Tolerance { name: "nine_digits", value: 1e-9, reason: "it prints nine digits" };

/// A value of order one after a few f32 operations, absolute.
pub const F32_VALUE: Tolerance = Tolerance {
    name: "f32_value",
    value: 1e-5,
    reason: "unit tests: roundings of 6e-8 each, a sine, a table of six digits",
};

/// Mean and square of a standardised channel against 0 and 1, absolute.
pub const STANDARDISED: Tolerance = Tolerance {
    name: "standardised",
    value: 1e-5,
    reason: "every value is rounded to f32 once; their mean over thousands is far nearer",
};

/// A running mean of three f32 weights below 1 against their f64 mean, absolute.
pub const MEAN_OF_WEIGHTS: Tolerance =
    Tolerance { name: "mean_of_weights", value: 1e-6, reason: "three roundings of at most 6e-8" };

/// A gradient against a central difference of step 1e-6, absolute.
pub const SLOPE: Tolerance = Tolerance {
    name: "slope",
    value: 1e-8,
    reason: "cancellation leaves ten digits of a loss of order one, divided by the step",
};

/// The variance of a layer's initial weights, relative.
pub const INITIAL_SPREAD: Tolerance = Tolerance {
    name: "initial_spread",
    value: 0.15,
    reason: "480 weights at least: five standard deviations of the estimate are 0.32 of it, seen: 0.1",
};

/// The gap between training and test accuracy after two epochs.
pub const SMALL_GAP: Tolerance =
    Tolerance { name: "small_gap", value: 0.1, reason: "a share; it has hardly begun to learn by heart" };

/// The share of samples that a share of people has.
pub const SHARE_OF_PEOPLE: Tolerance = Tolerance {
    name: "share_of_people",
    value: 0.1,
    reason: "people have up to a third more samples than others",
};

/// Mean accuracy over the writers on shuffled labels of ten classes, from 0.1.
pub const CHANCE: Tolerance = Tolerance {
    name: "chance",
    value: 0.04,
    reason: "a share; 14 writers of a hundred images: a standard error of 0.01, and models are shared",
};

/// A pixel in sixteenths of the range against a whole number of them, absolute.
pub const PIXEL_STEPS: Tolerance = Tolerance {
    name: "pixel_steps",
    value: 1e-4,
    reason: "unit tests: sixteen steps, standardised in f32 and back",
};

/// How far the canary moves a recorded weight, in units of `max(1, |w|)`: far beyond every bar above.
pub const CANARY_SHIFT: Tolerance = Tolerance {
    name: "canary_shift",
    value: 1e-3,
    reason: "a wrong digit in the third place must fail every comparison",
};

/// Two colours of a plot, in OKLab, for people with any two or three kinds of cones: they must be farther apart.
pub const COLOURS_APART: Tolerance = Tolerance {
    name: "colours_apart",
    value: 0.07,
    reason: "a just noticeable difference is about 0.02; nearest in use: green and purple without green cones, 0.076",
};

/// How far from its anchor a strong one leaves the weights, as a share of the way to them.
pub const ANCHORED: Tolerance = Tolerance {
    name: "anchored",
    value: 0.1,
    reason: "the anchor's strength times the steps leaves less than a hundredth; what is learnt moves the weights as well",
};

/// All rows.
pub const TABLE: &[Tolerance] = &[
    REPLAY_F64,
    REPLAY_F64_NORM_IN_F32,
    REPLAY_F32_FACTOR,
    REPLAY_F32_FLOOR,
    REPLAY_F32_OWN_CAP,
    ASCENT_F32,
    SIGMA_F32,
    PROBLEM_F64,
    PROBLEM_F32,
    PARITY_ELEMENT,
    PARITY_SUM,
    PARITY_NOISE,
    PARITY_DRIFT,
    PRINTED,
    F64_SUM,
    NINE_DIGITS,
    F32_VALUE,
    STANDARDISED,
    MEAN_OF_WEIGHTS,
    SLOPE,
    INITIAL_SPREAD,
    SMALL_GAP,
    SHARE_OF_PEOPLE,
    CHANCE,
    PIXEL_STEPS,
    CANARY_SHIFT,
    COLOURS_APART,
    ANCHORED,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_reasons_are_given() {
        let mut names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        assert!(TABLE.iter().all(|row| row.value > 0.0 && row.reason.len() > 20));
    }
}
