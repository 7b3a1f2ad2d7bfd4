//! What a method, an optimizer, a gate or an average carries from step to step.

use crate::backend::Backend;
use crate::residual;

/// Memory beside the weights and the gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cost {
    /// Vectors as long as the weights.
    pub vectors: usize,
    /// [Residuals](crate::residual) of the usual length.
    pub residuals: usize,
    /// Vectors with one value a filter ([`layout::filters`](crate::layout::filters)).
    pub filter_vectors: usize,
    /// Words of scalars in a checkpoint.
    pub words: usize,
}

impl Cost {
    /// Nothing.
    pub const NONE: Self = Self { vectors: 0, residuals: 0, filter_vectors: 0, words: 0 };

    /// Both together.
    pub const fn plus(self, other: Self) -> Self {
        Self {
            vectors: self.vectors + other.vectors,
            residuals: self.residuals + other.residuals,
            filter_vectors: self.filter_vectors + other.filter_vectors,
            words: self.words + other.words,
        }
    }

    /// Bytes for `params` weights in `filters` filters, without the weights and the gradient themselves.
    pub const fn bytes(self, params: usize, filters: usize) -> usize {
        let residuals = self.residuals * residual::usual_len(params);
        4 * (self.vectors * params + residuals + self.filter_vectors * filters + self.words)
    }
}

/// State: a few scalars, and vectors that a checkpoint must hold.
pub trait State<B: Backend> {
    /// Memory it needs, scratch vectors included.
    const COST: Cost;
    /// Everything small.
    type Scalars: Words;
    /// The scalars as they are.
    fn scalars(&self) -> Self::Scalars;
    /// Puts scalars back.
    fn set_scalars(&mut self, scalars: Self::Scalars);
    /// Takes back the last `updates` updates of whatever counts them: a device refused these after the fact (see
    /// [`Backend::refused`]). What wraps another state passes it on.
    fn forget(&mut self, updates: u32) {
        let _ = updates;
    }
    /// Shows the vectors that live from step to step, in a fixed order. Scratch vectors are not state.
    fn visit(&self, see: &mut impl FnMut(&B::Vector));
    /// The same, for loading.
    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector));
}

/// No state, where some is asked for.
impl<B: Backend> State<B> for () {
    const COST: Cost = Cost::NONE;
    type Scalars = ();
    fn scalars(&self) {}
    fn set_scalars(&mut self, (): ()) {}
    fn visit(&self, _: &mut impl FnMut(&B::Vector)) {}
    fn visit_mut(&mut self, _: &mut impl FnMut(&mut B::Vector)) {}
}

/// Both, the first one first.
impl<B: Backend, S: State<B>, T: State<B>> State<B> for (S, T) {
    const COST: Cost = S::COST.plus(T::COST);
    type Scalars = (S::Scalars, T::Scalars);

    fn scalars(&self) -> Self::Scalars {
        (self.0.scalars(), self.1.scalars())
    }

    fn set_scalars(&mut self, (first, second): Self::Scalars) {
        self.0.set_scalars(first);
        self.1.set_scalars(second);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.0.visit(see);
        self.1.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.0.visit_mut(see);
        self.1.visit_mut(see);
    }
}

/// A record of scalars as words of 32 bits: for hashes and checkpoints.
pub trait Words: Copy + PartialEq {
    /// Words.
    const LEN: usize;
    /// Writes the words in order.
    fn put(self, out: &mut impl FnMut(u32));
    /// Reads them back.
    fn take(from: &mut impl FnMut() -> u32) -> Self;
}

impl Words for () {
    const LEN: usize = 0;
    fn put(self, _: &mut impl FnMut(u32)) {}
    fn take(_: &mut impl FnMut() -> u32) {}
}

impl Words for u32 {
    const LEN: usize = 1;
    fn put(self, out: &mut impl FnMut(u32)) {
        out(self);
    }
    fn take(from: &mut impl FnMut() -> u32) -> Self {
        from()
    }
}

impl Words for bool {
    const LEN: usize = 1;
    fn put(self, out: &mut impl FnMut(u32)) {
        out(self.into());
    }
    fn take(from: &mut impl FnMut() -> u32) -> Self {
        from() != 0
    }
}

impl Words for f32 {
    const LEN: usize = 1;
    fn put(self, out: &mut impl FnMut(u32)) {
        out(self.to_bits());
    }
    fn take(from: &mut impl FnMut() -> u32) -> Self {
        Self::from_bits(from())
    }
}

impl<A: Words, B: Words> Words for (A, B) {
    const LEN: usize = A::LEN + B::LEN;
    fn put(self, out: &mut impl FnMut(u32)) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut impl FnMut() -> u32) -> Self {
        (A::take(from), B::take(from))
    }
}

/// Makes a fieldless enum of phases a word of a checkpoint; the first one stands for unknown words.
macro_rules! phases {
    ($name:ident { $first:ident $(, $rest:ident)* }) => {
        impl $crate::state::Words for $name {
            const LEN: usize = 1;
            fn put(self, out: &mut impl FnMut(u32)) {
                out(self as u32);
            }
            fn take(from: &mut impl FnMut() -> u32) -> Self {
                match from() {
                    $(word if word == Self::$rest as u32 => Self::$rest,)*
                    _ => Self::$first,
                }
            }
        }
    };
}
pub(crate) use phases;
