//! Networks for Fashion-MNIST: a small CNN of two convolutions and a dense layer, and a wide MLP.

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

type Mlp = nn::seq!(Dense<784, 2048>, Relu<2048>, Dense<2048, 1024>, Relu<1024>, Dense<1024, 10>);

typed!(
    /// Everything trains.
    MLP: Mlp = "Fashion-MNIST MLP"
);

const _: () = assert!(Mlp::TRAINABLE == 3_716_106);
const _: () = assert!(All::PARAMS == 7_018 && All::TRAINABLE == 7_018 && All::MACS == 59_400);
