pub fn tradeoff(_: &crate::report::summary::Summary) -> Result<String, Error> {
    Ok(String::new())
}
pub fn curves(_: &crate::report::summary::Summary) -> Result<String, Error> {
    Ok(String::new())
}
#[derive(Debug, thiserror::Error)]
#[error("no")]
pub struct Error;
