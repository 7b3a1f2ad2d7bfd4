//! Which old samples are stored to be replayed, and which to validate with.

use super::{Base, Corpus, Error, Scope, Selection};
use crate::model::model;
use crate::train;
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::replay_buffer::herding;

/// So many old samples a class to replay and so many others to validate with, from those that `base` was trained on. The
/// first of a random choice do not depend on how many follow.
pub(crate) fn of(
    corpus: &Corpus,
    base: &Base,
    [replay, validation]: [usize; 2],
    selection: Selection,
    seed: u64,
) -> Result<[Vec<usize>; 2], Error> {
    let (labels, classes, from) = (&corpus.set.labels, corpus.set.classes, &base.split.base);
    let draws = Draws::new(Key::new(seed, Stream::Replay, 0));
    let [random, held] = two_sets(from, labels, classes, [replay, validation], draws);
    match selection {
        Selection::Random => Ok([random, held]),
        Selection::Herding => {
            let free: Vec<usize> = from.iter().copied().filter(|i| !held.contains(i)).collect();
            Ok([herded(corpus, base, &free, replay)?, held])
        }
    }
}

/// `count` samples of every class among `from` whose mean, as the layers below the last one see them, is nearest to that of
/// all; over again where a class has fewer.
fn herded(corpus: &Corpus, base: &Base, from: &[usize], count: usize) -> Result<Vec<usize>, Error> {
    let last = model(corpus.net, Scope::Last);
    let Some(halves) = last.halves() else { return Ok(Vec::new()) };
    let (_, frozen) = last.split(&base.weights)?;
    let (body, dim) = (halves.body, halves.body.values());
    let mut features = Vec::with_capacity(from.len() * dim);
    for &i in from {
        features.extend(body.features(corpus.set.input(i), &frozen)?);
    }
    let labels: Vec<u8> = from.iter().map(|&i| corpus.set.labels[i]).collect();
    let (mut scratch, mut places) = (vec![0.0; 2 * dim], vec![0; count]);
    let mut chosen = Vec::with_capacity(count * corpus.set.classes);
    for class in (0..=u8::MAX).take(corpus.set.classes) {
        let found =
            herding(dim, &features, &labels, class, &mut scratch, &mut places).map_err(train::Error::from)?;
        chosen.extend(
            places[..found].iter().cycle().take(if found > 0 { count } else { 0 }).map(|&i| from[i as usize]),
        );
    }
    Ok(chosen)
}

/// Two sets with so many random samples of every class among `from` each, and no sample in both. Where a class has too few,
/// the different ones are shared out in proportion, and each set draws its own with replacement; a class's only sample is in
/// the first set that wants any.
pub(crate) fn two_sets(
    from: &[usize],
    labels: &[u8],
    classes: usize,
    counts: [usize; 2],
    mut draws: Draws,
) -> [Vec<usize>; 2] {
    let [first, second] = counts;
    let mut sets = [Vec::new(), Vec::new()];
    for class in 0..classes {
        let mut members: Vec<usize> =
            from.iter().copied().filter(|&i| usize::from(labels[i]) == class).collect();
        draws.shuffle(&mut members);
        if members.len() >= first + second {
            sets[0].extend(&members[..first]);
            sets[1].extend(&members[first..first + second]);
            continue;
        }
        let share = (members.len() * first).div_ceil((first + second).max(1));
        let share = if second > 0 { share.min(members.len().saturating_sub(1)) } else { share };
        let share = if first > 0 { share.max(1).min(members.len()) } else { share };
        let (one, other) = members.split_at(share);
        for ((set, own), count) in sets.iter_mut().zip([one, other]).zip(counts) {
            if !own.is_empty() {
                set.extend((0..count).map(|_| own[draws.below(own.len() as u32) as usize]));
            }
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws() -> Draws {
        Draws::new(Key::new(1, Stream::Replay, 0))
    }

    #[test]
    fn two_sets_share_no_sample() {
        let labels = [0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 3];
        let from: Vec<usize> = (0..labels.len()).collect();
        for counts in [[2, 4], [4, 2], [1, 4], [8, 4], [0, 4], [4, 0]] {
            let [one, other] = two_sets(&from, &labels, 5, counts, draws());
            assert!(one.iter().all(|i| !other.contains(i)), "{counts:?}: {one:?} {other:?}");
            for (set, count) in [(&one, counts[0]), (&other, counts[1])] {
                for class in [0, 2, 3] {
                    let of = set.iter().filter(|&&i| labels[i] == class).count();
                    assert_eq!(of, count, "{counts:?}, class {class}");
                }
            }
            let only = [&one, &other].map(|set| set.iter().filter(|&&i| labels[i] == 1).count());
            assert_eq!(only, if counts[0] > 0 { [counts[0], 0] } else { [0, counts[1]] }, "{counts:?}");
        }
    }
}
