@group(1) @binding(1) var<storage, read> verdict: array<Verdict>;

// A count of updates without the refused ones.
fn counted(updates: u32, r: u32) -> u32 {
    return updates - min(updates, verdict[r].refused);
}
