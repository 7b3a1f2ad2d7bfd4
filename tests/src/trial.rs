//! A small problem, every registered method on it, and the result it must have however it is driven.

use flatmin::backend::{Backend, Cpu};
use flatmin::drive::step;
use flatmin::hash;
use flatmin::layout::{Kind, Segment, filters, params};
use flatmin::method::{Batch, Clock, Method, Request};
use flatmin::rng::Seed;
use flatmin_sim::compose::{Anchor, Parts, Receive, Spec, compose_anchored};
use std::ops::Deref;
use std::task::Poll;

/// Two layers with biases.
pub const NET: &[Segment] = &[
    Segment { filters: 5, fan_in: 12, kind: Kind::Weight },
    Segment { filters: 5, fan_in: 1, kind: Kind::Bias },
    Segment { filters: 3, fan_in: 5, kind: Kind::Weight },
    Segment { filters: 3, fan_in: 1, kind: Kind::Bias },
];
/// Weights of the net.
pub const N: usize = params(NET);
/// Steps of a run.
pub const STEPS: u32 = 6;
/// Seed of coins and noise.
pub const SEED: u64 = 7;

/// The weights at the start.
pub fn start() -> Vec<f32> {
    (0..N).map(|i| ((i * 37 % 101) as f32 - 50.0) / 64.0).collect()
}

/// Step `t` of a run.
pub fn clock(t: u32) -> Clock {
    Clock { step: t, total: STEPS, lr: 0.05 }
}

/// A loss with curvature that differs by weight and by part of the batch.
pub fn objective(w: &[f32], g: &mut [f32], request: Request) -> f32 {
    let shift = match request.batch {
        Batch::Part { index, .. } => 0.1 * index as f32,
        _ => 0.0,
    };
    let mut loss = 0.0;
    for (i, (g, w)) in g.iter_mut().zip(w).enumerate() {
        let d = w - 0.3 + shift;
        let slope = (1 + i % 7) as f32 * 0.2 * d + 0.05 * d * d;
        *g = if request.accumulate { *g + slope } else { slope };
        loss += d * d;
    }
    loss
}

/// A composition of the registry: a method over an optimizer, with or without the wrappers of an optimizer.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Method, optimizer and clip.
    pub spec: Spec,
    /// Whether the optimizer is pulled towards weights of its own.
    pub anchored: bool,
}

impl Deref for Sample {
    type Target = Spec;
    fn deref(&self) -> &Spec {
        &self.spec
    }
}

impl From<Spec> for Sample {
    fn from(spec: Spec) -> Self {
        Self { spec, anchored: false }
    }
}

impl Sample {
    /// Its parts, such as `sam+adam+clipped+anchored`.
    pub fn name(&self) -> String {
        format!("{}{}", self.spec, if self.anchored { "+anchored" } else { "" })
    }

    /// What it is pulled towards, made by `vector` of the values.
    pub fn anchor<V>(&self, mut vector: impl FnMut(Vec<f32>) -> V) -> Option<Anchor<V>> {
        let factory = || (0..N).map(|i| (i % 5) as f32 / 8.0 - 0.25).collect();
        let strengths = || (0..filters(NET)).map(|k| 0.25 * (k % 4) as f32).collect();
        self.anchored.then(|| Anchor { factory: vector(factory()), strengths: vector(strengths()) })
    }
}

/// Composes the method of `sample` and hands it on.
pub fn with<B, R>(sample: &Sample, receive: R) -> R::Output
where
    B: Backend<Vector = [f32]> + 'static,
    R: Receive<B>,
{
    let zeros = |n| vec![0.0_f32; n];
    let parts = Parts { segments: NET, zeros, noise: Seed(SEED), coin: Seed(SEED) };
    compose_anchored::<B, Vec<f32>, _, _, _, _>(sample, sample.anchor(|values| values), parts, receive)
}

/// Every method over every optimizer, with and without a clip that bites, with and without an anchor.
pub fn samples() -> impl Iterator<Item = Sample> {
    Spec::samples()
        .flat_map(|spec| [spec, Spec { max_norm: Some(0.5), ..spec }])
        .flat_map(|spec| [false, true].map(|anchored| Sample { spec, anchored }))
}

/// Runs `body` with the method of every sample.
#[macro_export]
macro_rules! every_method {
    ($backend:ty, |$method:ident, $sample:ident| $body:block) => {{
        use ::flatmin_sim::compose::Receive;
        use $crate::trial::Sample;
        struct Visit(Sample);
        impl Receive<$backend> for Visit {
            type Output = ();
            #[allow(unused_mut, unused_variables, reason = "not every body needs both")]
            fn receive<M: ::flatmin::method::Method<$backend> + 'static>(self, mut $method: M) {
                let $sample = self.0;
                $body
            }
        }
        for sample in $crate::trial::samples() {
            $crate::trial::with::<$backend, _>(&sample, Visit(sample));
        }
    }};
}

struct Reference;
impl Receive<Cpu> for Reference {
    type Output = u32;
    fn receive<M: Method<Cpu> + 'static>(self, mut method: M) -> u32 {
        let (mut w, mut g) = (start(), vec![0.0; N]);
        for t in 0..STEPS {
            step(&mut method, &mut Cpu::detect(), &mut w[..], &mut g[..], &clock(t), |w, g, r| {
                Ok::<f32, ()>(objective(w, g, r))
            })
            .unwrap();
        }
        hash::state::<Cpu, _>(&w, &method)
    }
}

/// The hash of weights and state after a whole run of [`step`].
pub fn reference(sample: &Sample) -> u32 {
    with::<Cpu, _>(sample, Reference)
}

/// Waits once: what an objective does that is not ready at once.
pub async fn pause() {
    let mut waited = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}
