//! What can go wrong in a call, kept apart by reader: `Api` for the caller, `Internal` for us.

use std::fmt;

use roadstead_store::StoreError;
use roadstead_wire::ApiError;

/// Why a call failed.
pub enum Fault {
    /// Amazon's code and text, for the caller.
    Api(ApiError),
    /// Something of ours broke: the chain goes to the log, the caller gets the protocol's internal failure.
    Internal(Cause),
}

/// A chain of causes, innermost first.
pub struct Cause {
    said: Vec<String>,
    conflict: bool,
}

/// The result of anything that can fail in a call.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// An internal fault with its cause.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(Cause {
            said: vec![cause.to_string()],
            conflict: false,
        })
    }

    /// Whether somebody else wrote a record first, so that reading again and retrying can help.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Internal(cause) if cause.conflict)
    }

    /// The API error, when it is one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::Internal(_) => None,
        }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Internal(Cause {
            conflict: error.is_conflict(),
            said: vec![error.to_string()],
        })
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => write!(f, "{}: {}", error.code, error.message),
            Self::Internal(cause) => {
                for (at, said) in cause.said.iter().rev().enumerate() {
                    write!(f, "{}{said}", if at == 0 { "" } else { ": " })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Fault {}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// Adds `doing`, such as "reading the role's trust policy", to an internal fault; API errors stay as they are.
    fn context(self, doing: &str) -> Result<T>;
}

impl<T, E: Into<Fault>> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: &str) -> Result<T> {
        self.map_err(|error| match error.into() {
            Fault::Internal(mut cause) => {
                cause.said.push(doing.to_owned());
                Fault::Internal(cause)
            }
            api @ Fault::Api(_) => api,
        })
    }
}
