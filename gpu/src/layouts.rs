//! A layout of tensors as tables on the device, made when it is first seen.

use crate::error::Error;
use crate::runtime::Runtime;
use flatmin::layout::{Groups, Segment, Sharing, Span};
use flatmin::rng::TILE;
use std::ops::Range;

/// Consecutive measured runs that one binding can reach.
#[derive(Debug)]
pub(crate) struct Window {
    /// Which runs.
    pub(crate) runs: Range<u32>,
    /// Which elements.
    pub(crate) elements: Range<usize>,
}

/// The tables of a layout.
#[derive(Debug)]
pub(crate) struct Layout {
    segments: Vec<Segment>,
    sharing: Sharing,
    /// Elements covered.
    pub(crate) len: usize,
    /// Every run: start, length, slot, fan-in.
    pub(crate) spans: wgpu::Buffer,
    pub(crate) count: u32,
    /// The first run of every tile of noise.
    pub(crate) tiles: wgpu::Buffer,
    /// The runs that are measured.
    pub(crate) measured: wgpu::Buffer,
    pub(crate) windows: Vec<Window>,
}

impl Layout {
    pub(crate) fn is(&self, groups: Groups<'_>) -> bool {
        self.sharing == groups.sharing && self.segments == groups.segments
    }

    /// Makes the tables; a binding reaches `limit` elements.
    pub(crate) fn new(runtime: &Runtime, groups: Groups<'_>, limit: usize) -> Result<Self, Error> {
        let spans: Vec<_> = groups.spans().collect();
        let measured: Vec<_> = spans.iter().copied().filter(|span| span.measured).collect();
        let table = |what, words: Vec<u32>| {
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
            let buffer = runtime.buffer(what, 4 * words.len().max(4) as u64, usage)?;
            runtime.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&words));
            Ok(buffer)
        };
        let row = |span: &Span| [span.start as u32, span.len as u32, span.slot as u32, span.fan_in];
        Ok(Self {
            segments: groups.segments.to_vec(),
            sharing: groups.sharing,
            len: groups.len(),
            count: spans.len() as u32,
            tiles: table("the first run of every tile", tiles(&spans, groups.len()))?,
            windows: windows(&measured, limit)?,
            measured: table("the measured runs of a layout", measured.iter().flat_map(row).collect())?,
            spans: table("the runs of a layout", spans.iter().flat_map(row).collect())?,
        })
    }
}

/// The run that holds the first element of every tile.
fn tiles(spans: &[Span], len: usize) -> Vec<u32> {
    let mut run = 0;
    (0..len.div_ceil(TILE))
        .map(|tile| {
            while spans.get(run + 1).is_some_and(|next| next.start <= tile * TILE) {
                run += 1;
            }
            run as u32
        })
        .collect()
}

/// Cuts the runs so that the elements of each window fit one binding. Windows begin at whole pieces of 64 elements, as the
/// offset of a binding must be aligned.
fn windows(spans: &[Span], limit: usize) -> Result<Vec<Window>, Error> {
    let mut windows: Vec<Window> = Vec::new();
    for (i, span) in (0..).zip(spans) {
        let end = span.start + span.len;
        match windows.last_mut() {
            Some(last) if end - last.elements.start <= limit => {
                last.runs.end = i + 1;
                last.elements.end = end;
            }
            _ => {
                let start = span.start / TILE * TILE;
                if end - start > limit {
                    let advice = "open the device with a higher max_storage_buffer_binding_size";
                    let (needed, allowed) = ((end - start) as u64, limit as u64);
                    return Err(Error::Limit { what: "elements of one filter", needed, allowed, advice });
                }
                windows.push(Window { runs: i..i + 1, elements: start..end });
            }
        }
    }
    Ok(windows)
}
