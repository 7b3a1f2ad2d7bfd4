//! The wrist 1D-CNN: two convolutions, the mean over time and a dense layer.

use super::network::{Typed, typed};
use flatmin::layout::Segment;
use flatmin::nn::{self, Network};
use flatmin_wrist::net::{All, Biases, Last};

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
