//! How a parameter vector is cut into tensors.

/// What a tensor is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A matrix or filter bank.
    Weight,
    /// One number for each filter.
    Bias,
    /// Gain or shift of a normalisation.
    Norm,
    /// The down-projection of a low-rank pair.
    LoraA,
    /// The up-projection of a low-rank pair.
    LoraB,
}

/// One tensor of a parameter vector: `filters` rows of `fan_in` floats each, rows contiguous.
///
/// A bias of 16 is `filters: 16, fan_in: 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Rows, one for each output of the layer.
    pub filters: u32,
    /// Floats in a row.
    pub fan_in: u32,
    /// What the tensor is to its layer.
    pub kind: Kind,
}
