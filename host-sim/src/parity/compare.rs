//! Comparators. They answer with what differs, so that a canary can hold them to their word.

/// Whether two floats have the same bits; NaN is one class, since payloads are not portable.
pub fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Two vectors bit for bit (NaN as one class): the first difference, or how many elements there are.
pub fn same_bits(what: &str, found: &[f32], expected: &[f32]) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{what}: {} elements, expected {}", found.len(), expected.len()));
    }
    match found.iter().zip(expected).position(|(a, b)| !same(*a, *b)) {
        None => Ok(()),
        Some(i) => {
            let (a, b) = (found[i], expected[i]);
            Err(format!(
                "{what}: element {i} is {a:e} ({:08x}), expected {b:e} ({:08x})",
                a.to_bits(),
                b.to_bits()
            ))
        }
    }
}

/// `|found - expected| <= bar`; a NaN on either side is a difference.
pub fn close(what: &str, found: f64, expected: f64, bar: f64) -> Result<(), String> {
    let distance = (found - expected).abs();
    if distance <= bar {
        return Ok(());
    }
    Err(format!("{what}: {found:e}, expected {expected:e}; off by {distance:e}, allowed {bar:e}"))
}
