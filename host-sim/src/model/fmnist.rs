//! Networks for Fashion-MNIST: a small CNN of two convolutions and a dense layer, and a wide MLP.

use super::network::{Below, Typed, typed};
use flatmin::layout::Segment;
use flatmin::nn::{self, Dense, Network, Relu};
use flatmin_parity::nets::fmnist::{All, Biases, Body, Head, Last};

typed!(
    /// Everything trains.
    ALL: All = "Fashion-MNIST CNN"
);
/// What lies below the last layer.
static BODY: Below<Body> = Below::NEW;
typed!(
    /// The last layer trains.
    LAST: Last = "Fashion-MNIST CNN, last layer", BODY + HEAD
);
typed!(
    /// The last layer alone.
    HEAD: Head = "Fashion-MNIST CNN, the last layer alone"
);
typed!(
    /// The biases train.
    BIAS: Biases = "Fashion-MNIST CNN, biases"
);

type Mlp = nn::seq!(Dense<784, 2048>, Relu<2048>, Dense<2048, 1024>, Relu<1024>, Dense<1024, 10>);

typed!(
    /// Everything trains.
    MLP: Mlp = "Fashion-MNIST MLP"
);

const _: () = assert!(Mlp::TRAINABLE == 3_716_106);
const _: () = assert!(All::PARAMS == 7_018 && All::TRAINABLE == 7_018 && All::MACS == 59_400);
