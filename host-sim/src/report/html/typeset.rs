//! Typewriter texts as a page sets them.

/// With the signs that a terminal does without, and no line break before a unit or around `±`.
pub(super) fn typeset(text: &str) -> String {
    let text = text.replace(" %", "\u{a0}%").replace(" ± ", "\u{a0}±\u{a0}").replace(" x ", " × ");
    let words = text.split_inclusive([' ', '\u{a0}', '(']).map(|word| match word.strip_prefix('-') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("\u{2212}{rest}"),
        Some("") => "\u{2013}".to_owned(),
        Some(" ") => "\u{2013} ".to_owned(),
        _ => word.to_owned(),
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_set_and_names_stay() {
        for (typed, set) in [
            ("-0.5 ± 0.3", "\u{2212}0.5\u{a0}±\u{a0}0.3"),
            ("sgd-2x, at -1.7", "sgd-2x, at \u{2212}1.7"),
            ("20 % of 10 people x 2 seeds", "20\u{a0}% of 10 people × 2 seeds"),
            ("-", "\u{2013}"),
            ("gap: train - new", "gap: train \u{2013} new"),
            ("--noise", "--noise"),
        ] {
            assert_eq!(typeset(typed), set);
        }
    }
}
