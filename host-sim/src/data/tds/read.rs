//! From bytes to [`Tds`]: every length is checked before anything is allocated.

use super::{Body, CRC_BYTES, Dtype, HEADER_BYTES, MAGIC, Record, Samples, Streams, Tds, TdsError};

/// Decodes a TDS1 file and checks its lengths, checksum, labels and records.
///
/// # Errors
/// Says which field is wrong, and where; never panics, whatever the bytes.
pub fn decode(bytes: &[u8]) -> Result<Tds, TdsError> {
    let mut file = Cursor { bytes, at: 0 };
    if bytes.get(..4) != Some(&MAGIC) {
        return Err(TdsError::Magic { found: bytes.iter().take(4).copied().collect() });
    }
    let header = Header::read(file.take("the header", HEADER_BYTES)?)?;
    if header.items == 0 {
        return Err(TdsError::Empty(if header.streams { "streams" } else { "samples" }));
    }
    let body = if header.streams {
        Body::Streams(read_streams(&header, &mut file)?)
    } else {
        Body::Samples(read_samples(&header, &mut file)?)
    };
    check_crc(&mut file)?;
    let Header { classes, channels, dtype, dims, rate_mhz, .. } = header;
    let tds = Tds { classes, channels, dtype, dims, rate_mhz, body };
    tds.check_labels()?;
    Ok(tds)
}

struct Header {
    streams: bool,
    dtype: Dtype,
    classes: u8,
    channels: u8,
    items: u32,
    dims: [u16; 3],
    rate_mhz: u32,
}

impl Header {
    fn read(b: &[u8]) -> Result<Self, TdsError> {
        let u16_at = |i: usize| u16::from_le_bytes([b[i], b[i + 1]]);
        let u32_at = |i: usize| u32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        Ok(Header {
            streams: match b[4] {
                0 => false,
                1 => true,
                other => return Err(TdsError::Kind(other)),
            },
            dtype: match b[5] {
                0 => Dtype::U8,
                1 => Dtype::I8,
                2 => Dtype::I16,
                3 => Dtype::U4,
                other => return Err(TdsError::Dtype(other)),
            },
            classes: b[6],
            channels: b[7],
            items: u32_at(8),
            dims: [u16_at(12), u16_at(14), u16_at(16)],
            rate_mhz: u32_at(20),
        })
    }

    fn count(&self) -> usize {
        usize::try_from(self.items).unwrap_or(usize::MAX)
    }
}

fn read_samples(header: &Header, file: &mut Cursor<'_>) -> Result<Samples, TdsError> {
    let scale = read_scales(file, 1)?[0];
    let item: u64 = header.dims.iter().map(|&d| u64::from(d)).product();
    if item == 0 {
        return Err(TdsError::Empty("values in an item"));
    }
    let values = u64::from(header.items)
        .checked_mul(item)
        .and_then(|v| usize::try_from(v).ok())
        .filter(|&v| v <= usize::MAX / 16)
        .ok_or(TdsError::TooLarge { items: header.items, values: item })?;
    if header.dtype == Dtype::U4 && values % 2 == 1 {
        return Err(TdsError::OddNibbles { values });
    }
    let packed = file.take("the values", values * header.dtype.bits() / 8)?;
    let mut column = |what| file.take(what, header.count()).map(<[u8]>::to_vec);
    Ok(Samples {
        scale,
        labels: column("the labels")?,
        groups: column("the groups")?,
        splits: column("the splits")?,
        values: unpack(header.dtype, packed),
    })
}

fn read_streams(header: &Header, file: &mut Cursor<'_>) -> Result<Streams, TdsError> {
    let channels = usize::from(header.channels);
    if channels == 0 {
        return Err(TdsError::Empty("channels"));
    }
    let scales = read_scales(file, channels)?;
    let records = read_records(file, header.count())?;
    let packed = file.take("the frames", file.left().saturating_sub(CRC_BYTES))?;
    if header.dtype == Dtype::I16 && packed.len() % 2 == 1 {
        return Err(TdsError::RaggedFrames { values: packed.len() / 2, channels });
    }
    let frames = unpack(header.dtype, packed);
    if !frames.len().is_multiple_of(channels) {
        return Err(TdsError::RaggedFrames { values: frames.len(), channels });
    }
    check_spans(&records, frames.len() / channels)?;
    Ok(Streams { scales, records, frames })
}

fn read_scales(file: &mut Cursor<'_>, count: usize) -> Result<Vec<f32>, TdsError> {
    let bytes = file.take("the scale", 4 * count)?;
    let scales: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    match scales.iter().position(|s| !s.is_finite()) {
        Some(index) => Err(TdsError::Scale { index, value: scales[index] }),
        None => Ok(scales),
    }
}

fn read_records(file: &mut Cursor<'_>, count: usize) -> Result<Vec<Record>, TdsError> {
    let bytes = file.take("the records", count.saturating_mul(12))?;
    let record = |b: &[u8]| Record {
        first: u32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        frames: u32::from_le_bytes([b[4], b[5], b[6], b[7]]),
        label: b[8],
        subject: b[9],
        side: b[10],
    };
    Ok(bytes.chunks_exact(12).map(record).collect())
}

pub(super) fn check_spans(records: &[Record], frames: usize) -> Result<(), TdsError> {
    for (stream, record) in records.iter().enumerate() {
        let first = u64::from(record.first);
        let end = first + u64::from(record.frames);
        if end > frames as u64 {
            return Err(TdsError::Span { stream, first, end, frames });
        }
    }
    Ok(())
}

fn check_crc(file: &mut Cursor<'_>) -> Result<(), TdsError> {
    let computed = crc32fast::hash(&file.bytes[..file.at]);
    let b = file.take("the checksum", CRC_BYTES)?;
    let found = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    if file.left() > 0 {
        return Err(TdsError::Trailing { extra: file.left() });
    }
    if found != computed {
        return Err(TdsError::Checksum { found, computed });
    }
    Ok(())
}

impl Tds {
    pub(super) fn check_labels(&self) -> Result<(), TdsError> {
        let labels: Vec<u8> = match &self.body {
            Body::Samples(samples) => samples.labels.clone(),
            Body::Streams(streams) => streams.records.iter().map(|r| r.label).collect(),
        };
        match labels.iter().position(|&label| label >= self.classes) {
            Some(item) => Err(TdsError::Label { item, label: labels[item], classes: self.classes }),
            None => Ok(()),
        }
    }
}

fn unpack(dtype: Dtype, packed: &[u8]) -> Vec<i16> {
    match dtype {
        Dtype::U8 => packed.iter().map(|&b| i16::from(b)).collect(),
        Dtype::I8 => packed.iter().map(|&b| i16::from(b.cast_signed())).collect(),
        Dtype::I16 => packed.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect(),
        Dtype::U4 => packed.iter().flat_map(|&b| [i16::from(b & 15), i16::from(b >> 4)]).collect(),
    }
}

/// Walks through the file; the only place where bytes are sliced.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take(&mut self, what: &'static str, needed: usize) -> Result<&'a [u8], TdsError> {
        let (at, have) = (self.at, self.left());
        if needed > have {
            return Err(TdsError::Truncated { what, at, needed, have });
        }
        self.at += needed;
        Ok(&self.bytes[at..self.at])
    }
}
