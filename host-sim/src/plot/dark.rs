//! The same pictures on a dark page: which colour stands for which.
//!
//! The files are drawn for white paper and say their colours in attributes, which a style sheet overrules. So a page
//! that shows a picture inline needs rules, not a second picture.

use super::style::{BLUE, EVEN, FAINT, FRAME, HARM_GROUND, INK, MUTED, PALE, line_colour, text_colour};
use crate::report::label::ARMS;
use plotters::style::{BLACK, RGBColor, WHITE};

/// The ground of a picture on a dark page.
const GROUND: RGBColor = RGBColor(24, 27, 32);

/// What replaces each colour on a dark page; colours that are not named stay.
fn pairs() -> Vec<(RGBColor, RGBColor)> {
    let mut pairs = vec![
        (WHITE, GROUND),
        (INK, RGBColor(230, 230, 230)),
        (MUTED, RGBColor(170, 174, 180)),
        (FRAME, RGBColor(140, 145, 152)),
        (PALE, RGBColor(112, 117, 125)),
        (FAINT, RGBColor(45, 49, 56)),
        (HARM_GROUND, RGBColor(52, 35, 27)),
        (BLACK, RGBColor(242, 242, 242)),
        (EVEN, RGBColor(196, 196, 196)),
        (BLUE, RGBColor(38, 139, 210)),
    ];
    for arm in ARMS {
        let text = text_colour(arm);
        if pairs.iter().all(|(light, _)| *light != text) {
            pairs.push((text, lighter(dark(&pairs, line_colour(arm)))));
        }
    }
    pairs
}

/// What `colour` is on a dark page.
fn dark(pairs: &[(RGBColor, RGBColor)], colour: RGBColor) -> RGBColor {
    pairs.iter().find(|(light, _)| *light == colour).map_or(colour, |(_, dark)| *dark)
}

/// Half way to white: dark enough for a line is not light enough for a text.
fn lighter(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    let of = |channel: u8| channel / 2 + 128;
    RGBColor(of(red), of(green), of(blue))
}

/// Style rules for pictures inside of elements that `selector` names.
pub fn dark_rules(selector: &str) -> String {
    let hex = |RGBColor(r, g, b): RGBColor| format!("#{r:02X}{g:02X}{b:02X}");
    let rule = |(light, dark): (RGBColor, RGBColor)| {
        let (light, dark) = (hex(light), hex(dark));
        ["fill", "stroke"].map(|what| format!("{selector} [{what}=\"{light}\"]{{{what}:{dark}}}\n")).concat()
    };
    pairs().into_iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::super::style::{HARM, ON_PARTS, PARTS};
    use super::*;

    /// Contrast as WCAG 2 counts it.
    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let light = |RGBColor(r, g, b): RGBColor| {
            let [r, g, b] = [r, g, b].map(|channel| {
                let c = f64::from(channel) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (one, other) = (light(one) + 0.05, light(other) + 0.05);
        one.max(other) / one.min(other)
    }

    #[test]
    fn texts_can_be_read_on_both_grounds() {
        let pairs = pairs();
        let texts = ARMS.map(text_colour).into_iter().chain([INK, MUTED]);
        for text in texts {
            assert!(contrast(text, WHITE) >= 4.5, "{text:?} on white: {:.1}", contrast(text, WHITE));
            let text = dark(&pairs, text);
            assert!(contrast(text, GROUND) >= 4.5, "{text:?} on dark: {:.1}", contrast(text, GROUND));
        }
        for part in PARTS {
            assert_eq!(dark(&pairs, ON_PARTS), ON_PARTS);
            assert!(contrast(ON_PARTS, dark(&pairs, part)) >= 4.5, "{part:?}");
        }
    }

    #[test]
    fn lines_and_bars_stand_out_on_a_dark_ground() {
        let pairs = pairs();
        for line in ARMS.map(line_colour).into_iter().chain([HARM]) {
            let line = dark(&pairs, line);
            assert!(contrast(line, GROUND) >= 3.0, "{line:?}: {:.1}", contrast(line, GROUND));
        }
    }

    #[test]
    fn a_colour_is_replaced_once() {
        let pairs = pairs();
        for (place, (light, _)) in pairs.iter().enumerate() {
            assert!(pairs[..place].iter().all(|(other, _)| other != light), "{light:?}");
        }
        assert!(dark_rules("x").contains("x [fill=\"#FFFFFF\"]{fill:#181B20}"));
    }
}
