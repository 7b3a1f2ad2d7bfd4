//! The bill: what a fine-tuning run keeps in RAM, known before flashing.
//!
//! Everything large that flatmin works on is lent by the caller, so its size follows from the types of the network and of
//! the method, and can be asserted when the program is compiled:
//!
//! ```
//! use flatmin::bill::Bill;
//! use flatmin::methods::Sam;
//! use flatmin::nn::{self, Conv1d, Dense, MeanTime, Relu};
//! use flatmin::optimizers::{Momentum, Sgd};
//! type Net = nn::seq!(
//!     Conv1d<6, 64, 5, 2, 16>, Relu<480>, Conv1d<16, 30, 5, 2, 16>, Relu<208>, MeanTime<13, 16>, Dense<16, 7>
//! );
//! type Buffer = &'static mut [f32];
//! type Tuner = Sam<Sgd<Momentum<Buffer>>, Buffer>;
//! const BILL: Bill = Bill::of::<Net, Tuner>();
//! /// What `flatmin-sim budget` measured for this network and method, rounded up.
//! const STACK: usize = 1024;
//! const { assert!(BILL.total() + STACK <= 36 * 1024, "the run no longer fits") };
//! assert_eq!((BILL.weights, BILL.state, BILL.activations), (7_644, 15_288, 2_844));
//! ```
//!
//! **Not in it**: the stack, which a compiler decides (`flatmin-sim budget` prints what was measured), and with it the
//! method itself: hyperparameters, references and phase, `size_of` its type, usually a local variable. Frozen weights, the
//! factory weights and stored samples are read from flash; samples that are kept in RAM are [`samples`](Bill::samples).
//!
//! **A mini-batch costs nothing**: its gradient is added up sample by sample, so activations are those of one sample
//! whatever the batch.

use crate::backend::Portable;
use crate::nn::Network;
use crate::state::{Cost, State};
use crate::tune::replay_buffer::Class;

/// What memory needs to know of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Floats of the vector that trains.
    pub trainable: usize,
    /// Slots of that vector's layout ([`layout::filters`](crate::layout::filters)).
    pub slots: usize,
    /// Floats of activations.
    pub activations: usize,
    /// Floats of an input.
    pub input: usize,
}

impl Shape {
    /// The shape of `N`.
    #[must_use]
    pub const fn of<N: Network>() -> Self {
        let slots = N::TENSORS.slots(true);
        Self { trainable: N::TRAINABLE, slots, activations: N::ACTS, input: N::IN }
    }
}

/// RAM by purpose, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bill {
    /// Trainable weights.
    pub weights: usize,
    /// Their gradient, one for the whole mini-batch.
    pub gradient: usize,
    /// Vectors of method and optimizer: as long as the weights, residuals, and those with a value a filter.
    pub state: usize,
    /// Scalars of method, optimizer and average: what a checkpoint stores beside the vectors.
    pub scalars: usize,
    /// The vector of an average of the weights.
    pub average: usize,
    /// Activations of one sample; their gradients are written over them.
    pub activations: usize,
    /// One input sample, where samples are converted before use.
    pub input: usize,
    /// A vector for the guard's best weights, and a float a labelled sample for trust.
    pub guard: usize,
    /// Samples kept in RAM: the user's, or a replay buffer.
    pub samples: usize,
}

impl Bill {
    /// The bill of fine-tuning `N` by `M`, a method over an optimizer.
    #[must_use]
    pub const fn of<N: Network, M: State<Portable>>() -> Self {
        Self::sized(Shape::of::<N>(), M::COST)
    }

    /// The same for a network and a method that are chosen at run time.
    #[must_use]
    pub const fn sized(shape: Shape, method: Cost) -> Self {
        let vector = floats(shape.trainable);
        Self {
            weights: vector,
            gradient: vector,
            state: Cost { words: 0, ..method }.bytes(shape.trainable, shape.slots),
            scalars: floats(method.words),
            average: 0,
            activations: floats(shape.activations),
            input: floats(shape.input),
            guard: 0,
            samples: 0,
        }
    }

    /// With an average `A` of the weights.
    #[must_use]
    pub const fn average<A: State<Portable>>(self) -> Self {
        self.averaged(A::COST)
    }

    /// The same for an average that is chosen at run time.
    #[must_use]
    pub const fn averaged(mut self, average: Cost) -> Self {
        self.average += average.vectors * self.weights;
        self.scalars += floats(average.words);
        self
    }

    /// With a vector of its own for the best weights of a [`Guard`](crate::tune::Guard). One that judges a single set of
    /// weights, the mean at the end of a run, can work in the gradient's buffer, which is free then.
    #[must_use]
    pub const fn guard(mut self) -> Self {
        self.guard += self.weights;
        self
    }

    /// With [`Trust`](crate::tune::Trust) in so many labelled samples.
    #[must_use]
    pub const fn trust(mut self, samples: usize) -> Self {
        self.guard += floats(samples);
        self
    }

    /// With the table of a [`CrossValidation`](crate::tune::CrossValidation): the scores of the factory weights and of so
    /// many epochs.
    #[must_use]
    pub const fn cross_validated(mut self, epochs: usize) -> Self {
        self.guard += size_of::<crate::tune::Scores>() * (epochs + 1);
        self
    }

    /// With so many samples of `Q`s (`i8`, `u8`, `f32`: [`replay_buffer::Item`](crate::tune::replay_buffer::Item)) and
    /// their labels, a byte each, in RAM.
    ///
    /// ```
    /// use flatmin::{bill::Bill, methods::Plain, nn::Dense, optimizers::Sgd};
    /// const BILL: Bill = Bill::of::<Dense<64, 10>, Plain<Sgd>>().samples::<i8>(30);
    /// assert_eq!(BILL.samples, 30 * (64 + 1));
    /// ```
    #[must_use]
    pub const fn samples<Q>(mut self, count: usize) -> Self {
        self.samples += count * (self.input / size_of::<f32>() * size_of::<Q>() + 1);
        self
    }

    /// With [`Features`](crate::tune::Features) of so many samples in RAM: `values` floats (what the frozen layers say) and a
    /// byte of label each.
    #[must_use]
    pub const fn features(mut self, count: usize, values: usize) -> Self {
        self.samples += count * (floats(values) + 1);
        self
    }

    /// With what a [`ReplayBuffer`](crate::tune::ReplayBuffer) remembers of so many classes.
    #[must_use]
    pub const fn classes(mut self, count: usize) -> Self {
        self.samples += count * size_of::<Class>();
        self
    }

    /// All of it.
    #[must_use]
    pub const fn total(self) -> usize {
        let Self { weights, gradient, state, scalars, average, activations, input, guard, samples } = self;
        weights + gradient + state + scalars + average + activations + input + guard + samples
    }
}

/// Bytes of so many words.
const fn floats(n: usize) -> usize {
    n * size_of::<f32>()
}
