//! From a network type of `core` to a [`Model`].

use super::{Body, Halves, Memory, Model};
use flatmin::backend::{Cpu, Isa, Op};
use flatmin::bill::Shape;
use flatmin::lanes::Lanes;
use flatmin::layout::Segment;
use flatmin::nn::{self, Network, Target};
use flatmin_gpu::nn::{Describe, Layer};
use std::marker::PhantomData;

/// A network type as a value.
pub(super) struct Typed<N> {
    name: &'static str,
    segments: &'static [Segment],
    halves: Option<Halves>,
    network: PhantomData<fn() -> N>,
}

impl<N> Typed<N> {
    pub(super) const fn new(name: &'static str, segments: &'static [Segment]) -> Self {
        Self { name, segments, halves: None, network: PhantomData }
    }

    /// With frozen layers whose outputs can be kept.
    pub(super) const fn of_halves(self, body: &'static dyn Body, head: &'static dyn Model) -> Self {
        Self { halves: Some(Halves { body, head }), ..self }
    }
}

/// A static [`Typed`] of a concrete network type, in halves if both are named. (A table of segments needs a concrete type.)
macro_rules! typed {
    ($(#[$doc:meta])* $name:ident: $network:ty = $label:literal $(, $body:ident + $head:ident)?) => {
        $(#[$doc])*
        pub(super) static $name: Typed<$network> = Typed::new($label, {
            const SEGMENTS: &[Segment] = &nn::segments::<$network, { <$network>::SEGMENTS }>();
            SEGMENTS
        })$(.of_halves(&$body, &$head))?;
    };
}
pub(super) use typed;

impl<N: Describe> Model for Typed<N> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn inputs(&self) -> usize {
        N::IN
    }

    fn classes(&self) -> usize {
        N::OUT
    }

    fn params(&self) -> usize {
        N::PARAMS
    }

    fn trainable(&self) -> usize {
        N::TRAINABLE
    }

    fn segments(&self) -> &'static [Segment] {
        self.segments
    }

    fn macs(&self) -> u64 {
        (N::MACS + N::BACKWARD_MACS) as u64
    }

    fn activations(&self) -> usize {
        N::ACTS
    }

    fn shape(&self) -> Shape {
        Shape::of::<N>()
    }

    fn halves(&self) -> Option<Halves> {
        self.halves
    }

    fn layers(&self) -> Vec<Layer> {
        N::layers()
    }

    fn layout_hash(&self) -> u32 {
        flatmin::blob::layout_hash::<N>()
    }

    fn gradient(
        &self,
        cpu: Cpu,
        x: &[f32],
        target: Target<'_>,
        scale: f32,
        memory: Memory<'_>,
    ) -> Result<f32, nn::Error> {
        cpu.enter(Gradient { x, target, scale, memory, network: self.network })
    }

    fn logits<'a>(
        &self,
        cpu: Cpu,
        x: &[f32],
        w: &[f32],
        frozen: &[f32],
        acts: &'a mut [f32],
    ) -> Result<&'a [f32], nn::Error> {
        cpu.enter(Forward { x, w, frozen, acts, network: self.network })
    }

    fn split(&self, full: &[f32]) -> Result<(Vec<f32>, Vec<f32>), nn::Error> {
        let (mut w, mut frozen) = (vec![0.0; N::TRAINABLE], vec![0.0; N::FROZEN]);
        nn::split::<N>(full, &mut w, &mut frozen)?;
        Ok((w, frozen))
    }

    fn merge(&self, w: &[f32], frozen: &[f32]) -> Result<Vec<f32>, nn::Error> {
        let mut full = vec![0.0; N::PARAMS];
        nn::merge::<N>(w, frozen, &mut full)?;
        Ok(full)
    }
}

/// A network type without anything that trains, as a value.
pub(super) struct Below<N>(PhantomData<fn() -> N>);

impl<N> Below<N> {
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<N: Network> Body for Below<N> {
    fn values(&self) -> usize {
        N::OUT
    }

    fn macs(&self) -> u64 {
        N::MACS as u64
    }

    fn features(&self, x: &[f32], frozen: &[f32]) -> Result<Vec<f32>, nn::Error> {
        let mut acts = vec![0.0; N::ACTS];
        let forward = Forward { x, w: &[], frozen, acts: &mut acts, network: self.0 };
        Ok(Cpu::detect().enter(forward)?.to_vec())
    }
}

/// A gradient as work for an instruction set.
struct Gradient<'a, N> {
    x: &'a [f32],
    target: Target<'a>,
    scale: f32,
    memory: Memory<'a>,
    network: PhantomData<fn() -> N>,
}

impl<N: Network> Op for Gradient<'_, N> {
    type Output = Result<f32, nn::Error>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        let Self { x, target, scale, memory: Memory { w, frozen, acts, g }, .. } = self;
        nn::gradient_to::<N>(x, target, scale, w, frozen, acts, g)
    }
}

/// A forward pass as work for an instruction set.
struct Forward<'a, 'b, N> {
    x: &'b [f32],
    w: &'b [f32],
    frozen: &'b [f32],
    acts: &'a mut [f32],
    network: PhantomData<fn() -> N>,
}

impl<'a, N: Network> Op for Forward<'a, '_, N> {
    type Output = Result<&'a [f32], nn::Error>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        nn::forward::<N>(self.x, self.w, self.frozen, self.acts)
    }
}
