//! The samples that stand best for their class.

use crate::error::{Error, require_len};

/// Picks, one after another, the samples whose mean stays closest to the mean of all samples of `class`.
///
/// ```text
/// p_k = argmin over x of || mean - (x + p_1 + .. + p_(k-1)) / k ||
/// ```
///
/// `features` holds `dim` floats a label: the inputs, or better what the frozen layers say of them
/// ([`Features`](crate::tune::Features)). The places of the chosen samples are written to `chosen`, best first, each
/// once; returned is how many there are (fewer than there is room for if the class is small). Of equals the first is
/// taken. The first half of a choice is the choice of half the size.
///
/// **Source**: iCaRL (Rebuffi et al. 2017), Algorithm 4. **Deviations**: none.
/// **Cost**: `2 dim` floats of scratch; `chosen * samples * dim` multiply-adds.
///
/// ```
/// use flatmin::tune::replay_buffer::herding;
/// let features = [0.0, 9.0, 4.0, 8.0, 100.0]; // of class 0 the mean is 5.25
/// let (mut scratch, mut chosen) = ([0.0; 2], [0; 2]);
/// let count = herding(1, &features, &[0, 0, 0, 0, 1], 0, &mut scratch, &mut chosen)?;
/// assert_eq!((count, chosen), (2, [2, 3]));
/// # Ok::<(), flatmin::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] when `features` does not hold `dim` floats a label, or `scratch` not `2 dim`.
pub fn herding(
    dim: usize,
    features: &[f32],
    labels: &[u8],
    class: u8,
    scratch: &mut [f32],
    chosen: &mut [u32],
) -> Result<usize, Error> {
    require_len("features", features.len(), dim.saturating_mul(labels.len()))?;
    require_len("scratch", scratch.len(), dim.saturating_mul(2))?;
    let members =
        || (0..).zip(features.chunks(dim.max(1)).zip(labels)).filter(|(_, (_, label))| **label == class);
    let Some((mean, sum)) = scratch.split_at_mut_checked(dim) else { return Ok(0) };
    let count = members().count() as f32;
    mean.fill(0.0);
    sum.fill(0.0);
    members().for_each(|(_, (x, _))| add(mean, x));
    mean.iter_mut().for_each(|mean| *mean /= count);
    for k in 0..chosen.len() {
        let taken = chosen.get(..k).unwrap_or_default();
        let free = members().filter(|(place, _)| !taken.contains(place));
        let distances = free.map(|(place, (x, _))| (place, x, distance(k, mean, sum, x)));
        let nearest = distances.reduce(|best, next| if next.2 < best.2 { next } else { best });
        let (Some((place, x, _)), Some(slot)) = (nearest, chosen.get_mut(k)) else { return Ok(k) };
        *slot = place;
        add(sum, x);
    }
    Ok(chosen.len())
}

fn add(sum: &mut [f32], x: &[f32]) {
    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
}

/// `|| (k + 1) mean - sum - x ||^2`: the distance of the means, squared and times `(k + 1)^2`.
fn distance(k: usize, mean: &[f32], sum: &[f32], x: &[f32]) -> f32 {
    let count = k as f32 + 1.0;
    mean.iter().zip(sum).zip(x).fold(0.0, |total, ((mean, sum), x)| {
        let apart = count * mean - sum - x;
        total + apart * apart
    })
}
