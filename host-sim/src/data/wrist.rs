//! Smartwatch exercises: recordings of a wrist IMU, cut into windows and standardised per channel.

use super::tds::Streams;
use super::{Channel, DataError, Dataset};

/// The embedded TDS1 file (SPAR; attribution in `host-sim/data/README.md`).
pub const BYTES: &[u8] = include_bytes!("../../data/spar_imu6_25hz_i16.tds");

/// Frames of a window: 2.56 s at 25 Hz.
pub const WINDOW: usize = 64;

/// Frames from the start of one window to the start of the next.
pub const HOP: usize = 32;

/// The 3,605 windows; groups are the people, `pos` is first frame / frames of the recording.
///
/// # Errors
/// Only when the embedded file is damaged.
pub fn load() -> Result<Dataset, DataError> {
    Dataset::from_tds(BYTES)
}

/// Cuts recordings into windows in real units, frame after frame, then standardises every channel over all windows.
///
/// # Errors
/// When no recording is as long as one window.
pub fn windows(streams: &Streams, classes: usize) -> Result<Dataset, DataError> {
    let width = streams.scales.len();
    let mut set = Dataset {
        inputs: Vec::new(),
        dim: WINDOW * width,
        labels: Vec::new(),
        groups: Vec::new(),
        splits: Vec::new(),
        sides: Vec::new(),
        pos: Vec::new(),
        classes,
        channels: Vec::new(),
    };
    for record in &streams.records {
        let (first, frames) = (record.first as usize, record.frames as usize);
        for start in (0..(frames + 1).saturating_sub(WINDOW)).step_by(HOP) {
            let stored = &streams.frames[(first + start) * width..][..set.dim];
            set.inputs.extend(
                stored.iter().zip(streams.scales.iter().cycle()).map(|(&q, scale)| f32::from(q) * scale),
            );
            set.labels.push(record.label);
            set.groups.push(record.subject);
            set.splits.push(0);
            set.sides.push(record.side);
            set.pos.push((start as f64 / frames as f64) as f32);
        }
    }
    if set.is_empty() {
        let longest = streams.records.iter().map(|r| r.frames as usize).max().unwrap_or(0);
        return Err(DataError::NoWindow { needed: WINDOW, longest });
    }
    set.channels = (0..width).map(|c| standardise(&mut set.inputs, c, width)).collect();
    Ok(set)
}

/// Standardises channel `c` of `width` in place. A channel that never changes becomes 0 (its sd counts as 1).
fn standardise(inputs: &mut [f32], c: usize, width: usize) -> Channel {
    let channel = Channel::of(inputs.iter().skip(c).step_by(width).copied());
    inputs.iter_mut().skip(c).step_by(width).for_each(|x| *x = channel.standardise(*x));
    channel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tds::{self, Body, Record};
    use crate::tolerance::{F32_VALUE, STANDARDISED};

    /// Mean and sd of each channel (g, then rad/s), computed from the file by an independent program.
    const REAL: [(f32, f32); 6] = [
        (-0.006_562_3, 0.900_749_7),
        (0.380_382_3, 0.489_817),
        (-0.148_675_9, 0.536_120_3),
        (0.023_615_1, 0.941_719_9),
        (-0.003_103_9, 2.495_655_3),
        (0.010_827_4, 1.048_861),
    ];

    #[test]
    fn the_wrist_has_3605_standardised_windows() {
        let wrist = load().unwrap();
        assert_eq!((wrist.len(), wrist.dim, wrist.classes), (3605, WINDOW * 6, 7));
        let per_person = |p: u8| wrist.groups.iter().filter(|&&g| g == p).count();
        let counts: Vec<usize> = (1..=10).map(per_person).collect();
        assert_eq!((counts.iter().min(), counts.iter().max()), (Some(&226), Some(&433)));
        assert_eq!(wrist.pos.iter().copied().fold(0.0, f32::max), 0.945_147_7);
        for (c, (mean, sd)) in REAL.into_iter().enumerate() {
            let channel = wrist.channels[c];
            assert!(
                [channel.mean - mean, channel.sd - sd].iter().all(|x| f64::from(x.abs()) < F32_VALUE.value),
                "{channel:?}"
            );
            let values = || wrist.inputs.iter().skip(c).step_by(6).map(|&x| f64::from(x));
            let count = values().count() as f64;
            let mean = values().sum::<f64>() / count;
            let square = values().map(|x| x * x).sum::<f64>() / count;
            assert!(
                mean.abs() < STANDARDISED.value && (square - 1.0).abs() < STANDARDISED.value,
                "channel {c}: {mean}, {square}"
            );
        }
    }

    #[test]
    fn a_window_is_the_recording_in_real_units_standardised() {
        let wrist = load().unwrap();
        let Body::Streams(streams) = tds::decode(BYTES).unwrap().body else { panic!("not streams") };
        let (frame, c) = (HOP + 5, 4);
        let real = f32::from(streams.frames[frame * 6 + c]) * streams.scales[c];
        let Channel { mean, sd } = wrist.channels[c];
        assert_eq!(wrist.input(1)[5 * 6 + c], (real - mean) / sd);
        assert_eq!(wrist.pos[1], 32.0 / 666.0);
    }

    #[test]
    fn short_and_constant_recordings_are_handled() {
        let record = |frames| Record { first: 0, frames, label: 0, subject: 1, side: 0 };
        let streams =
            |frames: u32| Streams { scales: vec![1.0], records: vec![record(frames)], frames: vec![7; 70] };
        assert!(matches!(windows(&streams(63), 1), Err(DataError::NoWindow { longest: 63, .. })));
        assert_eq!(windows(&streams(64), 1).unwrap().inputs, [0.0; 64]);
    }
}
