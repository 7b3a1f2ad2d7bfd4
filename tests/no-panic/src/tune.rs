//! Fine-tuning on the device: guard, scores, samples.

use flatmin::backend::Portable;
use flatmin::nn::{self, Conv1d, Frozen, MeanTime, Relu};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::replay_buffer::{Class, Item};
use flatmin::tune::wise_ft::{WiseFt, interpolate};
use flatmin::tune::{
    self, CrossValidation, Divergence, Features, Guard, Outcome, ReplayBuffer, Rule, Samples, Score, Scores,
    Trust,
};

type Body = nn::seq!(Conv1d<6, 64, 5, 2, 16, Frozen>, Relu<480>, MeanTime<30, 16>);

/// Samples of one kind.
fn stored<Q: Item + PartialEq>(samples: &Samples<'_, Q>, i: usize, x: &mut [f32], label: u8) -> usize {
    let read = Samples::read(samples, i, x).is_some() && Samples::label(samples, i).is_some();
    let sizes = Samples::len(samples) + Samples::dim(samples) + Samples::count(samples, label);
    let parts =
        Samples::labels(samples).len() + Samples::values(samples).len() + Samples::scale(samples).len();
    sizes + parts + usize::from(read && !Samples::is_empty(samples) && Samples::<Q>::default() == *samples)
}

must_not_panic! {
    fn guard(w: &mut [f32], kept: &mut [f32], factory: &[f32], logits: &[f32], label: usize, rule: &Rule) -> bool {
        let mut scores = Scores::default();
        let mut guard = Guard::new(*rule, scores, &mut *kept);
        scores.new.add(logits, label);
        let watch = Divergence::new(label as u32);
        guard.heed(watch.answers(&scores.new, &scores.old));
        let observed = guard.observe::<Portable>(&mut Portable, w, scores);
        let finished = guard.finish::<Portable>(&mut Portable, w, factory);
        guard.judge(scores);
        observed.is_ok() && finished.is_ok() && guard.undo::<Portable>(&mut Portable, w, factory).is_ok()
    }

    fn trust(sums: &mut [f32], logits: &[f32], labels: &[u8], i: usize, folds: usize) -> f32 {
        let mut trust = Trust::new(sums);
        trust.add(tune::fold(labels, i, folds), logits, i);
        trust.of(i)
    }

    fn cross_validation(table: &mut [Scores], scores: &Scores, epoch: usize, rule: &Rule) -> bool {
        let mut validation = CrossValidation::new(table);
        validation.record(epoch, *scores);
        validation.decide(rule) == Outcome::RolledBack
    }

    fn wise_ft(w: &mut [f32], factory: &[f32], tuned: &[f32], scores: &Scores, steps: u32) -> f32 {
        let mut search = WiseFt::new(Rule::default(), *scores, steps);
        while let Some(alpha) = search.next() {
            let _ = interpolate::<Portable>(&mut Portable, w, factory, tuned, alpha);
            search.observe(*scores);
        }
        search.alpha()
    }

    fn divergence(loss: f32, right: u32, total: u32, classes: u32) -> bool {
        let mut watch = Divergence::new(classes);
        watch.epoch(loss).is_some() || watch.answers(&Score { right, total, loss }, &Score { right: total, total, loss }).is_some()
    }

    fn replay_buffer(
        dim: usize, values: &mut [i8], labels: &mut [u8], classes: &mut [Class], scale: &[f32], x: &mut [f32],
        label: u8, i: usize,
    ) -> bool {
        let draws = Draws::new(Key::new(1, Stream::Replay, 0));
        ReplayBuffer::new(dim, values, labels, classes, scale, draws).is_ok_and(|mut buffer| {
            let offered = buffer.offer(x, label).is_ok();
            offered && buffer.samples().read(i, x).is_some()
        })
    }

    fn herding(
        dim: usize, features: &[f32], labels: &[u8], class: u8, scratch: &mut [f32], chosen: &mut [u32],
    ) -> bool {
        tune::replay_buffer::herding(dim, features, labels, class, scratch, chosen).is_ok()
    }

    fn features(values: &mut [f32], labels: &mut [u8], x: &mut [f32], frozen: &[f32], acts: &mut [f32], i: usize) -> bool {
        let mut features = Features::<Body>::new(values, labels);
        features.push(x, 3, frozen, acts).is_ok() && features.samples().read(i, x).is_some()
    }

    fn outcome_of_guard(guard: &Guard<&mut [f32]>, rule: &Rule, scores: &Scores) -> u32 {
        let best = Guard::best(guard);
        let better = Rule::prefers(rule, scores, &best, scores);
        let found = guard.diverged().is_some() || Guard::weights::<Portable>(guard).is_some() || better;
        Guard::epochs(guard) + u32::from(found) + u32::from(Guard::outcome(guard) == Outcome::RolledBack)
    }

    fn outcome_of_wise_ft(search: &WiseFt) -> bool {
        WiseFt::outcome(search) == Outcome::RolledBack
    }

    fn scores(scores: &Scores, score: &Score, logits: &[f32], label: usize) -> f32 {
        let sum = Scores::plus(*scores, *scores).new;
        let mut sum = Score::plus(sum, *score);
        Score::add(&mut sum, logits, label);
        Score::accuracy(&sum) + Score::mean_loss(&sum)
    }

    fn folds(validation: &CrossValidation<'_>, epoch: usize) -> bool {
        CrossValidation::at(validation, epoch).is_some()
    }

    fn kinds_of_samples(
        bytes: &Samples<'_, u8>, signed: &Samples<'_, i8>, floats: &Samples<'_, f32>, i: usize, x: &mut [f32], label: u8,
    ) -> usize {
        stored(bytes, i, x, label) + stored(signed, i, x, label) + stored(floats, i, x, label)
    }

    fn items(x: f32) -> f32 {
        let small = Item::real(<u8 as Item>::nearest(x)) + Item::real(<i8 as Item>::nearest(x));
        small + Item::real(<f32 as Item>::nearest(x))
    }

    fn classes(buffer: &ReplayBuffer<'_, i8>) -> u32 {
        ReplayBuffer::classes(buffer).iter().map(|class| Class::seen(*class) + Class::kept(*class)).sum()
    }
}
