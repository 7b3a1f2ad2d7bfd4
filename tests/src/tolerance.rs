//! Every tolerance of the cross-crate tests, in one table, each with its reason.
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

/// All rows.
pub const TABLE: &[Tolerance] = &[
    Tolerance {
        name: "off_rounding",
        value: 1e-6,
        reason: "relative distance after a dozen steps, each of which rounds a mean over four parts another way",
    },
    Tolerance {
        name: "golden_vector",
        value: 1e-6,
        reason: "relative; the specification prints nine digits",
    },
    Tolerance {
        name: "schedule",
        value: 2e-6,
        reason: "absolute, of values below 1 after a cosine or 1,000 additions",
    },
    Tolerance {
        name: "reduce_bound",
        value: 46.0 / 16_777_216.0,
        reason: "relative to the sum of |terms|: 1 product, 32 additions in a lane, 5 folds, 7 tree levels, 1 to spare",
    },
    Tolerance {
        name: "reduce_underflow",
        value: 1.401_298_464_324_817e-45,
        reason: "absolute, an element: a product that underflows is off by at most 2^-149 (it has no relative error)",
    },
    Tolerance {
        name: "reduce_typical",
        value: 2.0 / 8_388_608.0,
        reason: "relative, squares of ordinary values: `reduce` promises about 1 ULP (at most 2^-23); twice that",
    },
    Tolerance {
        name: "z_score",
        value: 5.5,
        reason: "standard deviations: a sound generator exceeds it with probability 4e-8 a statistic; a few hundred are taken",
    },
    Tolerance {
        name: "avalanche_z",
        value: 6.0,
        reason: "standard deviations of a flip count: 24576 cells at 2e-9 each, 5e-5 for all together",
    },
    Tolerance {
        name: "ks",
        value: 2.2,
        reason: "Kolmogorov-Smirnov sqrt(n) D: the limit law exceeds it with probability 2 exp(-2 * 2.2^2) = 1.3e-4",
    },
    Tolerance {
        name: "normal_max",
        value: 5.77,
        reason: "sqrt(2 ln 2^24) = 5.7681: the longest radius that 24 bits of uniform can give",
    },
    Tolerance {
        name: "ln_ulp",
        value: 0.83,
        reason: "ULP of the result, as `math::ln` documents: 0.8266 over all positive normal floats",
    },
    Tolerance {
        name: "sincos",
        value: 1.7e-7,
        reason: "absolute, as `math::sincos_turn` documents: 1.63e-7 over every third angle, of which truncation is 0.93e-7",
    },
    Tolerance {
        name: "perturbation",
        value: 2e-7,
        reason: "relative: a norm within about 1 ULP, a root, a sum with eps, a division and a product of half an ULP (6e-8) each; seen: below 1e-7",
    },
    Tolerance {
        name: "permutation",
        value: 1e-6,
        reason: "relative distance after 8 steps whose norms and means are added in another order; seen: below 1e-7",
    },
    Tolerance {
        name: "textbook",
        value: 5e-7,
        reason: "relative distance from f64 after 20 steps of up to ten roundings of half an ULP (6e-8), most of which cancel; seen: below 3e-7",
    },
    Tolerance {
        name: "running_mean",
        value: 3e-7,
        reason: "absolute, of means of values below 1 after at most 50 roundings of half an ULP (3e-8 below 1/2), most of which cancel; seen: below 1e-7",
    },
    Tolerance {
        name: "approx_mean",
        value: 0.005,
        reason: "absolute: five standard deviations of the mean of a million values of variance 1",
    },
    Tolerance {
        name: "approx_variance",
        value: 0.015,
        reason: "absolute, `Approx` noise: its constant makes it 1; 5 standard deviations of the estimate, twice that for the third moment",
    },
    Tolerance {
        name: "approx_fourth",
        value: 0.35,
        reason: "absolute: the sum of four bytes has 3 - 1.2 / 4 = 2.7; the estimate is good to 0.025",
    },
    Tolerance {
        name: "approx_distance",
        value: 0.022,
        reason: "sup |F - G| to exact noise, a million values each: 0.0087 for four bytes, 0.018 for micromath, and 0.003 for chance",
    },
    Tolerance {
        name: "approx_bytes",
        value: 5e-7,
        reason: "absolute, of values below 3.5: one product of a rounded constant",
    },
    Tolerance {
        name: "approx_accuracy",
        value: 1.0,
        reason: "points of accuracy on the wrist task, mean of ten people; two of its standard errors",
    },
    Tolerance {
        name: "gpu_network",
        value: 2e-6,
        reason: "relative distance of logits, loss or gradient from core's: sums of up to a few thousand terms in one order, but fused or divided to 2.5 ULP; tanh within 1e-6",
    },
    Tolerance {
        name: "gpu_rows",
        value: 0.05,
        reason: "accuracy of a person fine-tuned on a GPU that does not keep IEEE arithmetic: training is chaotic, and of 63 test samples three may flip; no real GPU yet",
    },
];

/// The bar of a row.
///
/// # Panics
///
/// If the table has no such row.
pub fn tolerance(name: &str) -> f64 {
    let row = TABLE.iter().find(|row| row.name == name);
    row.unwrap_or_else(|| panic!("the tolerance table has no row `{name}`")).value
}

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

    #[test]
    #[should_panic(expected = "no row `loose`")]
    fn an_unknown_name_panics() {
        tolerance("loose");
    }
}
