//! The shaders of networks, and how one becomes a module. Needs no GPU.

/// What a dispatch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Puts a mini-batch together.
    Gather,
    /// Outputs of a dense layer or a convolution.
    Linear(Tiles),
    /// Their parameter gradients.
    LinearGradient(Tiles),
    /// Their input gradients.
    LinearInputGradient(Tiles),
    /// Outputs of a mean over time.
    MeanTime,
    /// Its input gradients.
    MeanTimeGradient,
    /// Outputs of a max pool.
    MaxPool,
    /// Its input gradients.
    MaxPoolGradient,
    /// Losses of samples, and the gradients of the logits.
    Loss,
    /// The mean of the losses.
    MeanLoss,
}

/// How a matrix product is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tiles {
    /// Rows and columns of a tile, in units of [`SIDE`].
    pub size: [usize; 2],
    /// Whether windows are the whole input, as in a dense layer.
    pub whole: bool,
}

/// Rows and columns of the smallest tile.
pub const SIDE: usize = 16;
/// Threads of a workgroup that are counted one by one.
pub const THREADS: usize = 64;

const SHAPE: &str = include_str!("../../shaders/nn/shape.wgsl");
const MATH: &str = include_str!("../../shaders/nn/math.wgsl");
const ACTIVATION: &str = include_str!("../../shaders/nn/activation.wgsl");
const EACH: &str = include_str!("../../shaders/nn/each.wgsl");
const PRODUCT: &str = include_str!("../../shaders/nn/product.wgsl");
const WINDOW: &str = include_str!("../../shaders/nn/window.wgsl");
const WHOLE: &str = include_str!("../../shaders/nn/whole.wgsl");

impl Stage {
    /// Every stage in every cut.
    pub fn all() -> Vec<Self> {
        let cuts = [1, 4].into_iter().flat_map(|rows| [1, 4].map(|columns| [rows, columns]));
        let tiles = cuts.flat_map(|size| [true, false].map(|whole| Tiles { size, whole }));
        tiles
            .flat_map(|tiles| {
                [Self::Linear(tiles), Self::LinearGradient(tiles), Self::LinearInputGradient(tiles)]
            })
            .chain([
                Self::Gather,
                Self::MeanTime,
                Self::MeanTimeGradient,
                Self::MaxPool,
                Self::MaxPoolGradient,
            ])
            .chain([Self::Loss, Self::MeanLoss])
            .collect()
    }

    /// The stem of its file.
    pub const fn name(self) -> &'static str {
        self.file().0
    }

    const fn file(self) -> (&'static str, &'static str) {
        macro_rules! file {
            ($name:literal) => {
                ($name, include_str!(concat!("../../shaders/nn/", $name, ".wgsl")))
            };
        }
        match self {
            Self::Gather => file!("gather"),
            Self::Linear(_) => file!("linear"),
            Self::LinearGradient(_) => file!("linear_gradient"),
            Self::LinearInputGradient(_) => file!("linear_input_gradient"),
            Self::MeanTime => file!("mean_time"),
            Self::MeanTimeGradient => file!("mean_time_gradient"),
            Self::MaxPool => file!("max_pool"),
            Self::MaxPoolGradient => file!("max_pool_gradient"),
            Self::Loss => file!("loss"),
            Self::MeanLoss => file!("mean_loss"),
        }
    }

    /// Whether each binding of group 0 is written, in their order.
    pub fn bindings(self) -> Vec<bool> {
        let binding = |line: &str| line.starts_with("@group(0)").then(|| line.contains("read_write"));
        self.file().1.lines().filter_map(binding).collect()
    }

    /// The module, entry point `main`.
    pub fn compose(self) -> String {
        let own = self.file().1;
        match self {
            Self::Linear(tiles) | Self::LinearGradient(tiles) | Self::LinearInputGradient(tiles) => {
                let [left, right] = tiles.size;
                let cut = format!("const LEFT = {left}u;\nconst RIGHT = {right}u;\n");
                let window = if tiles.whole { WHOLE } else { WINDOW };
                [SHAPE, MATH, ACTIVATION, window, own, &cut, &unrolled(tiles.size)].concat()
            }
            Self::MeanLoss => [SHAPE, own].concat(),
            _ => [SHAPE, MATH, ACTIVATION, own, EACH].concat(),
        }
    }
}

/// The product's text, with each line for every row and column of a thread that it names: registers have no index.
fn unrolled([rows, columns]: [usize; 2]) -> String {
    let each = |line: &str, name: &str, count: usize| -> Vec<String> {
        let code = line.split("//").next().unwrap_or_default();
        let count = if code.contains(name) { count } else { 1 };
        (0..count).map(|k| line.replace(name, &k.to_string())).collect()
    };
    let lines = PRODUCT.lines().flat_map(|line| each(line, "ROW", rows));
    let lines = lines.flat_map(|line| each(&line, "COLUMN", columns));
    lines.map(|line| line + "\n").collect()
}
