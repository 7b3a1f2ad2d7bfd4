//! The digits MLP: 64-32-10 with ReLU.

use super::network::{Typed, typed};
use flatmin::layout::Segment;
use flatmin::nn::{self, Network};
use flatmin_parity::nets::digits::{All, Biases, Last};

typed!(
    /// Everything trains.
    ALL: All = "digits MLP"
);
typed!(
    /// The last layer trains.
    LAST: Last = "digits MLP, last layer"
);
typed!(
    /// The biases train.
    BIAS: Biases = "digits MLP, biases"
);

const _: () = assert!(All::PARAMS == 2_410 && All::TRAINABLE == 2_410);
const _: () = assert!(Last::TRAINABLE == 330 && Biases::TRAINABLE == 42);
