//! Typewriter texts as a page sets them.

/// With the signs that a terminal does without, and no line break before a unit or within a number with its error.
pub(super) fn typeset(text: &str) -> String {
    if text == "-" {
        return "\u{2013}".to_owned();
    }
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let mut set = String::new();
    for (place, piece) in text.split(" ± ").enumerate() {
        set += match (place, is_number(piece)) {
            (0, _) => "",
            (_, true) => "\u{a0}±\u{a0}",
            (_, false) => " ± ",
        };
        set += piece;
    }
    let set = set.replace(" %", "\u{a0}%").replace(" x ", " × ").replace(" - ", " \u{2212} ");
    let words = set.split_inclusive(' ').map(|word| match word.strip_prefix('-') {
        Some(number) if is_number(number) => format!("\u{2212}{number}"),
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
            ("gap: train - new", "gap: train \u{2212} new"),
            ("points ± standard error", "points ± standard error"),
            ("--noise", "--noise"),
        ] {
            assert_eq!(typeset(typed), set);
        }
    }
}
