//! Fashion-MNIST: 28x28 grey pictures of ten kinds of clothes, standardised with one mean and one deviation.

use super::idx::{self, Idx};
use super::{Channel, DataError, Dataset};
use std::fmt;
use std::path::{Path, PathBuf};

/// The embedded TDS1 file, 4 bits a pixel (attribution in `host-sim/data/README.md`).
pub const BYTES: &[u8] = include_bytes!("../../data/fmnist28_u4.tds");

/// Where Debian's package `dataset-fashion-mnist` puts the whole set.
pub const FOLDER: &str = "/usr/share/datasets/fashion-mnist";

/// Side of a picture in pixels.
pub const SIDE: usize = 28;

/// Number of kinds.
const CLASSES: usize = 10;

/// Where the pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The embedded subset: the first 500 training and the first 200 test pictures of every kind, 4 bits a pixel.
    Subset,
    /// A folder that holds the whole set, 60,000 training and 10,000 test pictures of 8 bits a pixel, in the four files
    /// of its authors (`train-images-idx3-ubyte.gz` and so on). It takes 220 MB of memory.
    Folder(PathBuf),
}

impl Source {
    /// The whole set if Debian's package is installed, else the subset.
    pub fn installed() -> Self {
        let folder = PathBuf::from(FOLDER);
        if folder.is_dir() { Self::Folder(folder) } else { Self::Subset }
    }

    /// Reads the pictures; `splits` says which are for training (0) and which for the test (1). Mean and deviation are
    /// those of the training pictures: the one entry of [`Dataset::channels`].
    ///
    /// # Errors
    /// When a file of the folder is missing or damaged; the message names it.
    pub fn load(&self) -> Result<Dataset, DataError> {
        let mut set = match self {
            Self::Subset => Dataset::from_tds(BYTES)?,
            Self::Folder(folder) => whole(folder)?,
        };
        let channel = Channel::of(training(&set));
        set.inputs.iter_mut().for_each(|x| *x = channel.standardise(*x));
        set.channels = vec![channel];
        Ok(set)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subset => write!(f, "the embedded subset of Fashion-MNIST"),
            Self::Folder(folder) => write!(f, "the whole of Fashion-MNIST in {}", folder.display()),
        }
    }
}

/// All pixels of the training pictures.
fn training(set: &Dataset) -> impl Iterator<Item = f32> + Clone {
    set.inputs
        .chunks_exact(set.dim)
        .zip(&set.splits)
        .filter(|(_, split)| **split == 0)
        .flat_map(|(x, _)| x)
        .copied()
}

/// The whole set, pixels in [0, 1].
fn whole(folder: &Path) -> Result<Dataset, DataError> {
    let mut set = Dataset {
        inputs: Vec::new(),
        dim: SIDE * SIDE,
        labels: Vec::new(),
        groups: Vec::new(),
        splits: Vec::new(),
        sides: Vec::new(),
        pos: Vec::new(),
        classes: CLASSES,
        channels: Vec::new(),
    };
    for (split, name) in ["train", "t10k"].into_iter().enumerate() {
        let path = folder.join(format!("{name}-labels-idx1-ubyte.gz"));
        let Idx { dims: [count], values: labels } = idx::read(&path)?;
        if let Some(label) = labels.iter().find(|label| usize::from(**label) >= CLASSES) {
            return Err(idx::damaged(&path, format!("label {label} is not one of {CLASSES} kinds")));
        }
        let path = folder.join(format!("{name}-images-idx3-ubyte.gz"));
        let Idx { dims, values: pixels } = idx::read(&path)?;
        if dims != [count, SIDE, SIDE] {
            return Err(idx::damaged(&path, format!("its shape is {dims:?}, not {:?}", [count, SIDE, SIDE])));
        }
        set.inputs.extend(pixels.iter().map(|pixel| f32::from(*pixel) / 255.0));
        set.splits.extend(std::iter::repeat_n(split as u8, count));
        set.pos.extend((0..count).map(|i| (i as f64 / count as f64) as f32));
        set.labels.extend(labels);
    }
    set.groups = vec![0; set.labels.len()];
    set.sides = set.groups.clone();
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::{PIXEL_STEPS, STANDARDISED};
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    #[test]
    fn the_subset_has_500_and_200_pictures_of_every_kind() {
        let set = Source::Subset.load().unwrap();
        assert_eq!((set.len(), set.dim, set.classes), (7_000, SIDE * SIDE, CLASSES));
        for (split, count) in [(0, 500), (1, 200)] {
            for class in 0..10 {
                let of = |&(label, s): &(&u8, &u8)| (*label, *s) == (class, split);
                assert_eq!(set.labels.iter().zip(&set.splits).filter(of).count(), count);
            }
        }
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
        for x in training(&set).map(f64::from) {
            (sum, squares, count) = (sum + x, squares + x * x, count + 1.0);
        }
        assert!(
            (sum / count).abs() < STANDARDISED.value && (squares / count - 1.0).abs() < STANDARDISED.value
        );
        // Black is the least value, and pixels are sixteen steps of one size.
        let Channel { mean, sd } = set.channels[0];
        let steps = set.input(0).iter().map(|x| (x * sd + mean) * 15.0);
        assert!(
            steps
                .clone()
                .all(|q| f64::from((q - q.round()).abs()) < PIXEL_STEPS.value
                    && (0.0..15.5).contains(&q.abs()))
        );
    }

    fn gz(folder: &Path, name: &str, bytes: &[u8]) {
        let mut file = GzEncoder::new(std::fs::File::create(folder.join(name)).unwrap(), Compression::fast());
        file.write_all(bytes).unwrap();
        file.finish().unwrap();
    }

    /// A folder of 2 training pictures and 1 test picture.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, labels) in [("train", &[3, 9][..]), ("t10k", &[0])] {
            let count = labels.len() as u8;
            let mut bytes = vec![0, 0, 8, 1, 0, 0, 0, count];
            bytes.extend(labels);
            gz(folder.path(), &format!("{name}-labels-idx1-ubyte.gz"), &bytes);
            let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
            bytes.extend((0..784 * labels.len()).map(|i| (i / 784 * 255) as u8));
            gz(folder.path(), &format!("{name}-images-idx3-ubyte.gz"), &bytes);
        }
        folder
    }

    #[test]
    fn a_folder_is_read_as_its_files_say() {
        let folder = folder();
        let set = Source::Folder(folder.path().into()).load().unwrap();
        assert_eq!((set.labels, set.splits, set.pos), (vec![3, 9, 0], vec![0, 0, 1], vec![0.0, 0.5, 0.0]));
        // Training pictures are black and white in equal parts.
        assert_eq!(set.channels, [Channel { mean: 0.5, sd: 0.5 }]);
        assert_eq!((set.inputs[0], set.inputs[784], set.inputs[2 * 784]), (-1.0, 1.0, -1.0));
    }

    #[test]
    fn damaged_folders_are_refused() {
        let refused = |name: &str, bytes: Option<&[u8]>, words: &[&str]| {
            let folder = folder();
            match bytes {
                Some(bytes) => gz(folder.path(), name, bytes),
                None => std::fs::remove_file(folder.path().join(name)).unwrap(),
            }
            let message = Source::Folder(folder.path().into()).load().unwrap_err().to_string();
            assert!(message.contains(name) && words.iter().all(|word| message.contains(word)), "{message}");
        };
        let labels = "train-labels-idx1-ubyte.gz";
        refused(labels, None, &["cannot read"]);
        refused(labels, Some(&[0, 0, 8, 1, 0, 0, 0, 2, 10, 1]), &["label 10"]);
        refused(labels, Some(&[0, 0, 9, 1, 0, 0, 0, 2, 1, 1]), &["not an idx file"]);
        refused(labels, Some(&[0, 0, 8, 1, 0, 0, 0, 3, 1, 1]), &["3 values", "2"]);
        refused(labels, Some(&[0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff, 1]), &["4294967295 values"]);
        refused(labels, Some(&[0, 0, 8, 1, 0, 0, 0, 1, 1, 1]), &["more"]);
        refused(labels, Some(&[0, 0, 8]), &["header"]);
        refused(
            "t10k-images-idx3-ubyte.gz",
            Some(&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7]),
            &["shape"],
        );
        // Not compressed at all.
        let folder = folder();
        std::fs::write(folder.path().join(labels), [0; 40]).unwrap();
        let message = Source::Folder(folder.path().into()).load().unwrap_err().to_string();
        assert!(message.contains(labels), "{message}");
    }

    /// Where the package is installed, the subset is the first pictures of every kind in it.
    #[test]
    fn the_subset_is_a_part_of_the_installed_set() {
        let folder = Path::new(FOLDER);
        if !folder.is_dir() {
            println!("skipped: Debian's dataset-fashion-mnist is not installed");
            return;
        }
        let all = whole(folder).unwrap();
        assert_eq!((all.len(), all.splits.iter().filter(|&&s| s == 1).count()), (70_000, 10_000));
        let part = Dataset::from_tds(BYTES).unwrap();
        let mut taken = [[0; 10]; 2];
        let mut next = 0;
        for i in 0..all.len() {
            let (split, label) = (usize::from(all.splits[i]), usize::from(all.labels[i]));
            if taken[split][label] < [500, 200][split] {
                taken[split][label] += 1;
                assert_eq!((part.labels[next], part.splits[next]), (all.labels[i], all.splits[i]));
                let close = |(a, b): (&f32, &f32)| (a - b).abs() < 0.51 / 15.0;
                assert!(part.input(next).iter().zip(all.input(i)).all(close), "picture {i}");
                next += 1;
            }
        }
        assert_eq!(next, part.len());
    }
}
