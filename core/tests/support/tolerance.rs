//! Every tolerance of the tests of this crate, in one table, each with its reason.
//!
//! It has a small table of its own because it can depend neither on the workspace's tests nor on the simulator.

const TABLE: [(&str, f64, &str); 4] = [
    (
        "gradient",
        2e-6,
        "a gradient of order one in f32 against central differences in f64, which are good to 1e-9",
    ),
    ("difference", 1e-5, "no bar: the step of a central difference in f64, whose error is the square of it"),
    ("loss", 1e-6, "a loss of a few exponentials and a logarithm in f32, relative; its gradient, absolute"),
    (
        "difference_f32",
        2e-3,
        "central difference in f32 by 0.01: a loss near 10 has an ulp of 1e-6, 5e-5 in the quotient; the rest is curvature",
    ),
];

/// The bar of a row.
pub(crate) fn tolerance(name: &str) -> f64 {
    let row = TABLE.iter().find(|(known, _, why)| *known == name && why.len() > 20);
    row.unwrap_or_else(|| panic!("the tolerance table has no row `{name}`")).1
}
