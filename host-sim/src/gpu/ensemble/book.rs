//! The samples of all replicas: runs of different people share the old ones.

use crate::model::Lesson;
use crate::train::Order;
use flatmin::nn::Target;
use std::collections::HashMap;

/// The lessons of all, each once.
#[derive(Default)]
pub(super) struct Book<'a> {
    known: HashMap<Vec<u32>, u32>,
    pub(super) lessons: Vec<Lesson<'a>>,
}

impl<'a> Book<'a> {
    /// The numbers of a run's lessons.
    pub(super) fn enter(&mut self, order: &'a Order) -> Vec<u32> {
        let lessons = order.lessons.iter().map(|learnt| learnt.lesson());
        lessons
            .map(|lesson| {
                let next = self.lessons.len() as u32;
                *self.known.entry(words(lesson)).or_insert_with(|| {
                    self.lessons.push(lesson);
                    next
                })
            })
            .collect()
    }
}

/// What tells a lesson from others.
fn words(Lesson { x, target, weight }: Lesson<'_>) -> Vec<u32> {
    let (head, logits) = match target {
        Target::Class(class) => ([0, class as u32, 0], &[][..]),
        Target::Doubtful { label, q } => ([1, label as u32, q.to_bits()], &[][..]),
        Target::Teacher { logits, temperature } => ([2, 0, temperature.to_bits()], logits),
    };
    let floats = std::iter::once(&weight).chain(logits).chain(x).map(|x| x.to_bits());
    head.into_iter().chain(floats).collect()
}
