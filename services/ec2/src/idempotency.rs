//! Client tokens: a request that is repeated with its token makes nothing twice.

use roadstead_kernel::Result;
use roadstead_store::{Op, Table, Txn};

use crate::error::client;
use crate::records::{ClientToken, Records};

/// What the token already made; fails when it was used with another request.
pub async fn made(records: &Records, operation: &str, token: Option<&str>, request: &str) -> Result<Option<String>> {
    let Some(token) = token else { return Ok(None) };
    let Some(used) = records
        .table::<ClientToken>()
        .get(records.scope(), &[operation, token])
        .await?
    else {
        return Ok(None);
    };
    if used.record.request != request {
        return Err(client(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        )
        .into());
    }
    Ok(Some(used.record.resource))
}

/// Adds to a transaction: the token made this resource, and nobody used it before.
pub fn stage(
    records: &Records,
    txn: &mut Txn,
    operation: &str,
    token: Option<&str>,
    request: &str,
    resource: &str,
) -> Result<()> {
    if let Some(token) = token {
        let used = ClientToken {
            resource: resource.to_owned(),
            request: request.to_owned(),
        };
        records
            .table::<ClientToken>()
            .stage_new(txn, records.scope(), &[operation, token], &used)?;
    }
    Ok(())
}

/// Adds to a transaction: the token goes with the resource that it made.
pub fn stage_gone(records: &Records, txn: &mut Txn, operation: &str, token: Option<&str>) {
    if let Some(token) = token {
        txn.push(Op::Delete {
            key: Table::<ClientToken>::key(records.scope(), &[operation, token]),
        });
    }
}
