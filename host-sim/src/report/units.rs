//! Numbers as people read them.

/// `1911` as `1,911`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let comma = |place: usize| place > 0 && (digits.len() - place).is_multiple_of(3);
    let digit = |(place, digit)| if comma(place) { vec![',', digit] } else { vec![digit] };
    digits.chars().enumerate().flat_map(digit).collect()
}

/// Bytes, with KiB in brackets.
pub(super) fn bytes(n: usize) -> String {
    format!("{} ({:.1})", thousands(n as u64), n as f64 / 1024.0)
}

/// Three digits and a prefix: `78.1 M`.
pub(super) fn metric(n: f64) -> String {
    let (scale, prefix) = match n {
        n if n < 999.5 => return format!("{n:.0}"),
        n if n < 999.5e3 => (1e3, 'k'),
        n if n < 999.5e6 => (1e6, 'M'),
        n if n < 999.5e9 => (1e9, 'G'),
        _ => (1e12, 'T'),
    };
    format!("{} {prefix}", three_digits(n / scale))
}

/// Seconds: `12 ms`, `0.34 s`, `123 s`.
pub(super) fn seconds(s: f64) -> String {
    if s < 0.0995 { format!("{} ms", three_digits(s * 1e3)) } else { format!("{} s", three_digits(s)) }
}

fn three_digits(n: f64) -> String {
    match n {
        n if n < 9.995 => format!("{n:.2}"),
        n if n < 99.95 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([840.0, 999.6, 78.12e6, 9.996e9].map(metric), ["840", "1.00 k", "78.1 M", "10.0 G"]);
        assert_eq!([0.0012, 0.0999, 0.5, 123.4].map(seconds), ["1.20 ms", "0.10 s", "0.50 s", "123 s"]);
        assert_eq!(bytes(31_528), "31,528 (30.8)");
    }
}
