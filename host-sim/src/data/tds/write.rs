//! From [`Tds`] to bytes that [`super::decode`] reads back unchanged.

use super::read::check_spans;
use super::{Body, Dtype, HEADER_BYTES, MAGIC, Samples, Streams, Tds, TdsError};

/// Encodes a TDS1 file, checksum included.
///
/// # Errors
/// When the lists do not fit together, or a value does not fit its dtype, or the file would hold nothing.
pub fn encode(tds: &Tds) -> Result<Vec<u8>, TdsError> {
    let items = match &tds.body {
        Body::Samples(samples) => samples.labels.len(),
        Body::Streams(streams) => streams.records.len(),
    };
    if items == 0 {
        return Err(TdsError::Empty("items"));
    }
    tds.check_labels()?;
    let mut out = header(tds, items)?;
    match &tds.body {
        Body::Samples(samples) => write_samples(tds, samples, &mut out)?,
        Body::Streams(streams) => write_streams(tds, streams, &mut out)?,
    }
    let crc = crc32fast::hash(&out);
    out.extend(crc.to_le_bytes());
    Ok(out)
}

fn header(tds: &Tds, items: usize) -> Result<Vec<u8>, TdsError> {
    let count =
        u32::try_from(items).map_err(|_| TdsError::TooLarge { items: u32::MAX, values: items as u64 })?;
    let mut out = MAGIC.to_vec();
    out.push(match tds.body {
        Body::Samples(_) => 0,
        Body::Streams(_) => 1,
    });
    out.push(match tds.dtype {
        Dtype::U8 => 0,
        Dtype::I8 => 1,
        Dtype::I16 => 2,
        Dtype::U4 => 3,
    });
    out.extend([tds.classes, tds.channels]);
    out.extend(count.to_le_bytes());
    for dim in tds.dims {
        out.extend(dim.to_le_bytes());
    }
    out.extend([0, 0]);
    out.extend(tds.rate_mhz.to_le_bytes());
    out.resize(HEADER_BYTES, 0);
    Ok(out)
}

fn write_samples(tds: &Tds, samples: &Samples, out: &mut Vec<u8>) -> Result<(), TdsError> {
    let items = samples.labels.len();
    let item: usize = tds.dims.iter().map(|&d| usize::from(d)).product();
    if item == 0 {
        return Err(TdsError::Empty("values in an item"));
    }
    expect("values", items * item, samples.values.len())?;
    expect("groups", items, samples.groups.len())?;
    expect("splits", items, samples.splits.len())?;
    write_scales(&[samples.scale], out)?;
    pack(tds.dtype, &samples.values, out)?;
    out.extend(&samples.labels);
    out.extend(&samples.groups);
    out.extend(&samples.splits);
    Ok(())
}

fn write_streams(tds: &Tds, streams: &Streams, out: &mut Vec<u8>) -> Result<(), TdsError> {
    let channels = usize::from(tds.channels);
    if channels == 0 {
        return Err(TdsError::Empty("channels"));
    }
    expect("scales", channels, streams.scales.len())?;
    let values = streams.frames.len();
    if !values.is_multiple_of(channels) {
        return Err(TdsError::RaggedFrames { values, channels });
    }
    check_spans(&streams.records, values / channels)?;
    write_scales(&streams.scales, out)?;
    for record in &streams.records {
        out.extend(record.first.to_le_bytes());
        out.extend(record.frames.to_le_bytes());
        out.extend([record.label, record.subject, record.side, 0]);
    }
    pack(tds.dtype, &streams.frames, out)
}

fn write_scales(scales: &[f32], out: &mut Vec<u8>) -> Result<(), TdsError> {
    for (index, &value) in scales.iter().enumerate() {
        if !value.is_finite() {
            return Err(TdsError::Scale { index, value });
        }
        out.extend(value.to_le_bytes());
    }
    Ok(())
}

fn expect(what: &'static str, expected: usize, found: usize) -> Result<(), TdsError> {
    if found == expected { Ok(()) } else { Err(TdsError::Length { what, expected, found }) }
}

/// Appends the values in their packed form; the low byte is all there is, once the range was checked.
fn pack(dtype: Dtype, values: &[i16], out: &mut Vec<u8>) -> Result<(), TdsError> {
    let (low, high) = dtype.range();
    if let Some(index) = values.iter().position(|v| !(low..=high).contains(v)) {
        return Err(TdsError::Range { index, value: values[index], dtype });
    }
    match dtype {
        Dtype::U8 | Dtype::I8 => out.extend(values.iter().map(|&v| v.to_le_bytes()[0])),
        Dtype::I16 => out.extend(values.iter().flat_map(|v| v.to_le_bytes())),
        Dtype::U4 if values.len() % 2 == 1 => return Err(TdsError::OddNibbles { values: values.len() }),
        Dtype::U4 => {
            out.extend(
                values.chunks_exact(2).map(|pair| pair[0].to_le_bytes()[0] | (pair[1].to_le_bytes()[0] << 4)),
            );
        }
    }
    Ok(())
}
