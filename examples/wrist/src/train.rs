//! A training run: a method, epoch by epoch, from the shipped weights.

use crate::Error;
use crate::bench::{Bench, Fold};
use crate::choice::Choice;
use crate::pieces::Turns;
use crate::report::{Event, Report, Row, tell};
use crate::storage::Keeper;
use crate::tuner::Tuner;
use embedded_hal::digital::OutputPin;
use flatmin::backend::{Isa, Sliced};
use flatmin::hash;
use flatmin::method::Clock;
use flatmin::rng::{Draws, Key, Stream};

/// A training run.
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) epochs: u32,
    /// The fold of labelled windows, and of their partners among the old ones, that sits out.
    pub(crate) outside: Option<Fold>,
    /// Whether labels count as far as they are believed.
    pub(crate) weigh: bool,
}

impl Run {
    /// The run that counts.
    pub(crate) const fn tune<C: Choice>(outside: Option<Fold>, weigh: bool) -> Self {
        Self { name: "wrist:tune", epochs: C::SETTINGS.epochs, outside, weigh }
    }
}

/// What happens after an epoch.
pub(crate) type AfterEpoch<'f, N, B> = dyn FnMut(&mut N, &mut Sliced<B>) -> Result<(), Error> + 'f;

/// A method and what it runs with.
pub struct Trainer<'a, C: Choice, B, P, R> {
    /// The method's state.
    pub tuner: &'a mut C::Tuner,
    /// Who runs kernels.
    pub b: Sliced<B>,
    /// What the phases of a step show on.
    pub pin: P,
    /// Who is told.
    pub report: &'a mut R,
}

impl<C: Choice, B: Isa, P: OutputPin, R: Report> Trainer<'_, C, B, P, R> {
    /// Trains the shipped weights.
    #[inline(never)]
    pub(crate) fn train<'n, T: Turns, K: Keeper>(
        &mut self,
        bench: &mut Bench<'n, C::Net, T, K>,
        run: &Run,
        after_epoch: &mut AfterEpoch<'_, Bench<'n, C::Net, T, K>, B>,
    ) -> Result<(), Error> {
        let Self { tuner, b, pin, report } = self;
        let settings = C::SETTINGS;
        let mut method = tuner.method::<B>(settings.seed);
        let mut step = 0;
        bench.load_factory()?;
        for epoch in 0..run.epochs {
            let mut order = bench.order(run.outside);
            let batch = settings.batch.min(order.len()).max(1);
            let steps = (order.len() / batch) as u32;
            let total = run.epochs * steps;
            Draws::new(Key::new(settings.seed, Stream::Shuffle, epoch)).shuffle(&mut order);
            bench.turns.rest();
            let (mut sum, mut refused) = (0.0, 0);
            for samples in order.chunks_exact(batch) {
                let clock = Clock { step, total, lr: settings.lr };
                let began = bench.turns.now();
                match bench.step(b, &mut method, pin, &clock, samples, run.weigh) {
                    Ok(loss) => sum += loss,
                    Err(Error::Method(flatmin::Error::NonFinite(_))) => refused += 1,
                    Err(error) => return Err(error),
                }
                let ticks = bench.turns.now().wrapping_sub(began);
                let w = &*bench.predictor.w;
                tell(bench.turns, *report, |report| {
                    let hash = hash::state::<Sliced<B>, _>(w, &method);
                    report.row(Row { name: run.name, ticks, hash });
                });
                step += 1;
            }
            after_epoch(bench, b)?;
            let loss = sum / steps.max(1) as f32;
            tell(bench.turns, *report, |report| {
                report.event(Event::Epoch { run: run.name, epoch: epoch + 1, loss, refused });
            });
        }
        Ok(())
    }
}
