//! The camera turn: an image seen by a camera that was mounted at an angle.

use super::digits::SIDE;

/// Turns an 8x8 image by `degrees`, bilinearly.
///
/// Output pixel (i, j), rows down, is the input at `y = c (i - 3.5) + s (j - 3.5) + 3.5` and
/// `x = -s (i - 3.5) + c (j - 3.5) + 3.5` with c, s the cosine and sine of the angle; it is 0 where y or x leaves
/// [0, 7] (no half-weights at the rim), and is clipped to [0, 1].
///
/// # Panics
/// When the image does not have 64 pixels.
pub fn turn(image: &[f32], degrees: f64) -> Vec<f32> {
    assert_eq!(image.len(), SIDE * SIDE, "an image has {SIDE} x {SIDE} pixels");
    let (s, c) = degrees.to_radians().sin_cos();
    let middle = (SIDE - 1) as f64 / 2.0;
    let pixel = |index: usize| {
        let (i, j) = ((index / SIDE) as f64 - middle, (index % SIDE) as f64 - middle);
        sample(image, c * i + s * j + middle, c * j - s * i + middle)
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// The image between its pixels, at row `y` and column `x`.
fn sample(image: &[f32], y: f64, x: f64) -> f32 {
    let last = SIDE - 1;
    let inside = 0.0..=last as f64;
    if !inside.contains(&y) || !inside.contains(&x) {
        return 0.0;
    }
    // Not negative and at most `last`, so the casts only drop the fraction.
    let (row, column) = (y as usize, x as usize);
    let (below, right) = ((row + 1).min(last), (column + 1).min(last));
    let (v, u) = (y - row as f64, x - column as f64);
    let at = |row: usize, column: usize| f64::from(image[row * SIDE + column]);
    let upper = (1.0 - u) * at(row, column) + u * at(row, right);
    let lower = (1.0 - u) * at(below, column) + u * at(below, right);
    ((1.0 - v) * upper + v * lower).clamp(0.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::digits;
    use crate::tolerance::F32_VALUE;

    #[test]
    fn no_turn_changes_nothing() {
        let digits = digits::load().unwrap();
        assert_eq!(turn(digits.input(3), 0.0), digits.input(3));
    }

    #[test]
    fn what_comes_from_outside_is_black() {
        let turned = turn(&[1.0; 64], 25.0);
        assert_eq!([turned[0], turned[7], turned[56], turned[63]], [0.0; 4]);
        assert_eq!(turned[3 * SIDE + 3], 1.0);
        assert!(
            turned.iter().all(|&x| x == 0.0 || f64::from((x - 1.0).abs()) < F32_VALUE.value),
            "no half-weights at the rim"
        );
    }

    /// Computed from the formula by hand: at 25 degrees output (3, 5) looks at y = 3.68077, x = 5.07077.
    #[test]
    fn a_pixel_moves_the_right_way() {
        let mut image = [0.0; 64];
        image[4 * SIDE + 5] = 1.0;
        let (v, u) = (0.680_773_5, 0.070_770_8);
        let turned = turn(&image, 25.0);
        assert!(
            f64::from((turned[3 * SIDE + 5] - v * (1.0 - u)).abs()) < F32_VALUE.value,
            "{}",
            turned[3 * SIDE + 5]
        );
    }
}
