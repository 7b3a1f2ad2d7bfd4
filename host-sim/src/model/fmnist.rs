//! The Fashion-MNIST CNN: two convolutions and a dense layer.

use super::network::{Typed, typed};
use flatmin::layout::Segment;
use flatmin::nn::{self, Conv2d, Dense, Network, Relu};

type All = nn::seq!(
    Conv2d<1, 28, 28, 3, 2, 8>,
    Relu<1352>,
    Conv2d<8, 13, 13, 3, 2, 16>,
    Relu<576>,
    Dense<576, 10>
);

typed!(
    /// Everything trains.
    ALL: All = "Fashion-MNIST CNN"
);

const _: () = assert!(All::PARAMS == 7_018 && All::TRAINABLE == 7_018 && All::MACS == 59_400);
