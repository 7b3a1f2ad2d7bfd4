//! The shape of the trainable vector: a table of tensors that can sit in flash.

/// What a tensor holds. The numbers are in checkpoints and blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A matrix or a convolution kernel, one row per output.
    Weight = 0,
    /// One value per output, added.
    Bias = 1,
    /// One value per output, a gain or a shift of a normalisation.
    Norm = 2,
    /// The factor of a low-rank update that reads the input.
    LoraA = 3,
    /// The factor of a low-rank update that writes the output.
    LoraB = 4,
}

/// One tensor: `filters` rows of `fan_in` elements, row after row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Rows: outputs, or output channels.
    pub filters: u32,
    /// Elements in a row; 1 for a bias.
    pub fan_in: u32,
    /// What it holds.
    pub kind: Kind,
}

impl Segment {
    /// Elements of the tensor.
    pub const fn len(&self) -> usize {
        self.filters as usize * self.fan_in as usize
    }

    /// Whether it has no element.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Slots for one value a filter: see [`filters`].
    pub const fn slots(&self) -> usize {
        if self.is_vector() { 1 } else { self.filters as usize }
    }

    /// Whether it holds one value per output (bias, gain): such a tensor has no filters of its own.
    const fn is_vector(&self) -> bool {
        matches!(self.kind, Kind::Bias | Kind::Norm)
    }
}

/// Elements of all tensors together; usable as an array length: `[f32; params(&NET)]`.
pub const fn params(segments: &[Segment]) -> usize {
    let (mut n, mut i) = (0, 0);
    while i < segments.len() {
        n += segments[i].len();
        i += 1;
    }
    n
}

/// Slots for one value a filter, under any [`Sharing`]; usable as an array length.
pub const fn filters(segments: &[Segment]) -> usize {
    let (mut n, mut i) = (0, 0);
    while i < segments.len() {
        n += segments[i].slots();
        i += 1;
    }
    n
}

/// With whom the elements of a bias share a filter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// A bias or a gain is one group of its own.
    Tensor,
    /// Element j of a bias joins row j of the weight before it; without such a weight, as `Tensor`.
    Row,
}

/// A layout read as groups of elements, one value (a norm, a scale) each.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    /// The tensors, in order.
    pub segments: &'a [Segment],
    /// Where biases belong.
    pub sharing: Sharing,
}

/// A run of neighbouring elements of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First element.
    pub start: usize,
    /// Elements.
    pub len: usize,
    /// The slot that holds the group's value.
    pub slot: usize,
    /// Elements in a row of the group's filter.
    pub fan_in: u32,
    /// Whether the group's value is measured on this run (a bias that joins a row is not part of the row's norm).
    pub measured: bool,
}

impl<'a> Groups<'a> {
    /// The runs in memory order; together they cover every element once.
    pub fn spans(self) -> Spans<'a> {
        Spans { groups: self, segment: 0, row: 0, start: 0, slot: 0, owner: None }
    }

    /// Elements covered.
    pub fn len(&self) -> usize {
        params(self.segments)
    }

    /// Whether nothing is covered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Slots that hold the groups' values.
    pub fn slots(&self) -> usize {
        filters(self.segments)
    }
}

/// Iterator over the runs of [`Groups`].
#[derive(Clone, Debug)]
pub struct Spans<'a> {
    groups: Groups<'a>,
    segment: usize,
    row: u32,
    start: usize,
    slot: usize,
    /// First slot, rows and fan-in of the weight before.
    owner: Option<(usize, u32, u32)>,
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let segment = loop {
            let segment = self.groups.segments.get(self.segment)?;
            if self.row < segment.filters && !segment.is_empty() {
                break segment;
            }
            self.close(segment);
        };
        let joined = match self.owner {
            Some((slot, filters, fan_in))
                if self.groups.sharing == Sharing::Row && filters == segment.filters =>
            {
                Some((slot, fan_in))
            }
            _ => None,
        };
        let (len, slot, fan_in, measured) = match (segment.is_vector(), joined) {
            (false, _) => (segment.fan_in as usize, self.slot + self.row as usize, segment.fan_in, true),
            (true, Some((first, fan_in))) => {
                (segment.fan_in as usize, first + self.row as usize, fan_in, false)
            }
            (true, None) => (segment.len(), self.slot, segment.len() as u32, true),
        };
        let span = Span { start: self.start, len, slot, fan_in, measured };
        self.start += len;
        self.row = if segment.is_vector() && joined.is_none() { segment.filters } else { self.row + 1 };
        Some(span)
    }
}

impl Spans<'_> {
    /// Moves on to the next tensor.
    fn close(&mut self, segment: &Segment) {
        if segment.is_vector() {
            self.slot += 1;
        } else {
            // A row without elements has no value to share.
            self.owner = (!segment.is_empty()).then_some((self.slot, segment.filters, segment.fan_in));
            self.slot += segment.filters as usize;
        }
        self.segment += 1;
        self.row = 0;
    }
}
