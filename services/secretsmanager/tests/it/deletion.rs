//! Deletion: marked, restored, gone.

use roadstead_core::Clock as _;
use serde_json::json;

use crate::bed::{Bed, NOW};

#[tokio::test]
async fn a_secret_marked_for_deletion_can_only_be_described_and_restored() {
    let bed = Bed::new();
    let arn = bed.create("a", "x").await;
    let answer = bed
        .ok("DeleteSecret", json!({ "SecretId": "a", "RecoveryWindowInDays": 7 }))
        .await;
    let seconds = NOW / 1000 + 7 * 86_400;
    let date = answer["DeletionDate"].as_f64().unwrap();
    assert!(
        (date - f64::from(i32::try_from(seconds).unwrap())).abs() < 1.0,
        "{date}"
    );
    assert_eq!(answer["ARN"], arn);
    let described = bed.ok("DescribeSecret", json!({ "SecretId": "a" })).await;
    assert_eq!(described["DeletedDate"], answer["DeletionDate"]);
    for (operation, input) in [
        ("GetSecretValue", json!({ "SecretId": "a" })),
        ("PutSecretValue", json!({ "SecretId": "a", "SecretString": "y" })),
        ("UpdateSecret", json!({ "SecretId": "a", "Description": "y" })),
        (
            "TagResource",
            json!({ "SecretId": "a", "Tags": [{ "Key": "k", "Value": "v" }] }),
        ),
        ("GetResourcePolicy", json!({ "SecretId": "a" })),
    ] {
        let text = bed.refused(operation, input, "InvalidRequestException").await;
        assert_eq!(
            text, "You can't perform this operation on the secret because it was marked for deletion.",
            "{operation}"
        );
    }
    let text = bed
        .refused("CreateSecret", json!({ "Name": "a" }), "InvalidRequestException")
        .await;
    assert_eq!(
        text,
        "You can't create this secret because a secret with this name is already scheduled for deletion."
    );
    bed.refused("DeleteSecret", json!({ "SecretId": "a" }), "InvalidRequestException")
        .await;
    assert_eq!(bed.ok("ListSecrets", json!({})).await["SecretList"], json!([]));
    let planned = bed.ok("ListSecrets", json!({ "IncludePlannedDeletion": true })).await;
    assert_eq!(planned["SecretList"][0]["DeletedDate"], answer["DeletionDate"]);
    bed.ok("RestoreSecret", json!({ "SecretId": "a" })).await;
    assert_eq!(bed.text("a", "AWSCURRENT").await, "x");
    assert_eq!(
        bed.ok("DescribeSecret", json!({ "SecretId": "a" }))
            .await
            .get("DeletedDate"),
        None
    );
}

#[tokio::test]
async fn after_its_recovery_window_a_secret_is_gone_and_its_name_is_free() {
    let bed = Bed::new();
    let arn = bed.create("a", "old").await;
    bed.create("b", "old").await;
    for name in ["a", "b"] {
        bed.ok("DeleteSecret", json!({ "SecretId": name, "RecoveryWindowInDays": 7 }))
            .await;
    }
    bed.pass_days(6);
    assert_eq!(bed.secrets.purge(bed.clock.now()).await.unwrap(), 0);
    bed.pass_days(1);
    bed.refused("RestoreSecret", json!({ "SecretId": "a" }), "ResourceNotFoundException")
        .await;
    let again = bed.create("a", "new").await;
    assert_ne!(arn, again);
    assert_eq!(bed.text("a", "AWSCURRENT").await, "new");
    bed.refused(
        "GetSecretValue",
        json!({ "SecretId": arn }),
        "ResourceNotFoundException",
    )
    .await;
    assert_eq!(bed.secrets.purge(bed.clock.now()).await.unwrap(), 1);
    let described = bed.ok("DescribeSecret", json!({ "SecretId": "a" })).await;
    assert_eq!(described["VersionIdsToStages"].as_object().unwrap().len(), 1);
    bed.refused(
        "DescribeSecret",
        json!({ "SecretId": "b" }),
        "ResourceNotFoundException",
    )
    .await;
}

#[tokio::test]
async fn without_recovery_a_secret_goes_at_once_with_all_its_values() {
    let bed = Bed::new();
    bed.create("a", "one").await;
    bed.put("a", "two").await;
    let force = json!({ "SecretId": "a", "ForceDeleteWithoutRecovery": true });
    let answer = bed.ok("DeleteSecret", force.clone()).await;
    assert_eq!(answer["Name"], "a");
    assert!(!bed.stores("secretsmanager/").await);
    // Repeated, it is as if the secret were there.
    assert_eq!(bed.ok("DeleteSecret", force).await["Name"], "a");
    bed.refused("DeleteSecret", json!({ "SecretId": "a" }), "ResourceNotFoundException")
        .await;
    bed.create("a", "again").await;
}

#[tokio::test]
async fn windows_that_aws_refuses_are_refused() {
    let bed = Bed::new();
    bed.create("a", "x").await;
    for days in [0, 6, 31] {
        let text = bed
            .refused(
                "DeleteSecret",
                json!({ "SecretId": "a", "RecoveryWindowInDays": days }),
                "InvalidParameterException",
            )
            .await;
        assert_eq!(
            text,
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        );
    }
    let both = json!({ "SecretId": "a", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true });
    let text = bed.refused("DeleteSecret", both, "InvalidParameterException").await;
    assert_eq!(
        text,
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
    );
    assert_eq!(bed.text("a", "AWSCURRENT").await, "x");
}
