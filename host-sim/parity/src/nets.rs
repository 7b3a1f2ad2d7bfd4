//! Networks of the simulator as types for hosts and images; that of the wrist is in the example `flatmin-wrist`.

use flatmin::nn::{self, Bias, Conv2d, Dense, Frozen, Relu};

/// An MLP 64-32-10 for 8x8 digits.
pub mod digits {
    use super::{Bias, Dense, Frozen, Relu, nn};

    /// What lies below the last layer.
    type Below<Lower> = nn::seq!(Dense<64, 32, Lower>, Relu<32>);
    /// The last layer alone.
    pub type Head = Dense<32, 10>;
    /// What lies below it, frozen.
    pub type Body = Below<Frozen>;
    /// With scopes of the two layers.
    pub type Of<Lower, Upper> = nn::seq!(Below<Lower>, Dense<32, 10, Upper>);
    /// Everything trains.
    pub type All = Of<nn::All, nn::All>;
    /// The last layer trains.
    pub type Last = Of<Frozen, nn::All>;
    /// The biases train.
    pub type Biases = Of<Bias, Bias>;
}

/// A CNN for Fashion-MNIST, 28x28: two convolutions and a dense layer.
pub mod fmnist {
    use super::{Bias, Conv2d, Dense, Frozen, Relu, nn};

    /// What lies below the last layer.
    type Below<Lower> = nn::seq!(Conv2d<1, 28, 28, 3, 2, 8, Lower>, Relu<1352>, Conv2d<8, 13, 13, 3, 2, 16, Lower>, Relu<576>);
    /// The last layer alone.
    pub type Head = Dense<576, 10>;
    /// What lies below it, frozen.
    pub type Body = Below<Frozen>;
    /// With scopes of the convolutions and of the dense layer.
    pub type Of<Lower, Upper> = nn::seq!(Below<Lower>, Dense<576, 10, Upper>);
    /// Everything trains.
    pub type All = Of<nn::All, nn::All>;
    /// The last layer trains.
    pub type Last = Of<Frozen, nn::All>;
    /// The biases train.
    pub type Biases = Of<Bias, Bias>;
}
