//! The wrist 1D-CNN: two convolutions, the mean over time and a dense layer.

use super::network::{Typed, typed};
use flatmin::layout::Segment;
use flatmin::nn::{self, Bias, Conv1d, Dense, Frozen, MeanTime, Network, Relu};

type Of<Lower, Upper> = nn::seq!(
    Conv1d<6, 64, 5, 2, 16, Lower>,
    Relu<480>,
    Conv1d<16, 30, 5, 2, 16, Lower>,
    Relu<208>,
    MeanTime<13, 16>,
    Dense<16, 7, Upper>
);
type All = Of<nn::All, nn::All>;
type Last = Of<Frozen, nn::All>;
type Biases = Of<Bias, Bias>;

typed!(
    /// Everything trains.
    ALL: All = "wrist 1D-CNN"
);
typed!(
    /// The last layer trains.
    LAST: Last = "wrist 1D-CNN, last layer"
);
typed!(
    /// The biases train.
    BIAS: Biases = "wrist 1D-CNN, biases"
);

const _: () = assert!(All::PARAMS == 1_911 && All::TRAINABLE == 1_911);
const _: () = assert!(Last::TRAINABLE == 119 && Biases::TRAINABLE == 39);
