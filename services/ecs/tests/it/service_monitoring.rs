//! The monitoring of a service: what is refused, what deploys, and where it can be read.

use serde_json::{Value, json};

use crate::services::{Stage, invalid};

fn configured(list: &Value) -> Value {
    json!({ "monitoring": { "metricConfigurations": list } })
}

impl Stage {
    /// The monitoring of the revision that leads.
    async fn monitoring(&self) -> Value {
        let arn = self.service().await["currentServiceRevisions"][0]["arn"].clone();
        let found = self
            .world
            .ecs("DescribeServiceRevisions", json!({ "serviceRevisionArns": [arn] }));
        found.await.ok()["serviceRevisions"][0]["monitoring"].clone()
    }

    async fn deployments_made(&self) -> usize {
        self.service().await["deployments"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn other_monitoring_makes_a_deployment_and_is_read_with_its_revision() {
    let stage = Stage::new().await;
    let fine = json!([{ "metricNames": ["CPUUtilization", "MemoryUtilization"], "resolutionSeconds": 20 }]);
    stage.create(0, configured(&fine)).await;
    assert_eq!(stage.monitoring().await, json!({ "metricConfigurations": fine }));
    for same in [json!({}), json!({ "monitoring": null }), configured(&fine)] {
        let updated = stage.update(same).await;
        assert!(updated.get("monitoring").is_none(), "it is no member of a service");
        assert_eq!(stage.deployments_made().await, 1);
    }
    let mixed = json!([
        { "metricNames": ["CPUUtilization"], "resolutionSeconds": 20 },
        { "metricNames": ["MemoryUtilization"], "resolutionSeconds": 60 }
    ]);
    stage.update(configured(&mixed)).await;
    assert_eq!(stage.deployments_made().await, 2);
    assert_eq!(stage.monitoring().await, json!({ "metricConfigurations": mixed }));
    stage.update(json!({ "forceNewDeployment": true })).await;
    assert_eq!(
        stage.monitoring().await,
        json!({ "metricConfigurations": mixed }),
        "it stays"
    );
}

#[tokio::test]
async fn monitoring_that_cannot_be_is_refused_in_awss_words() {
    let stage = Stage::new().await;
    stage.create(0, json!({ "monitoring": {} })).await;
    assert_eq!(stage.monitoring().await, Value::Null);
    let unknown = "Metric name must be one of [CPUUtilization, MemoryUtilization].";
    let twice = "Duplicate metric names are not allowed across monitoring configuration.";
    let cases = [
        (json!([{ "resolutionSeconds": 20 }]), unknown),
        (json!([{ "metricNames": [], "resolutionSeconds": 20 }]), unknown),
        (
            json!([{ "metricNames": ["LiveTaskCount"], "resolutionSeconds": 20 }]),
            unknown,
        ),
        (
            json!([{ "metricNames": ["CPUUtilization", "CPUUtilization"], "resolutionSeconds": 20 }]),
            twice,
        ),
        (
            json!([
                { "metricNames": ["CPUUtilization"], "resolutionSeconds": 20 },
                { "metricNames": ["CPUUtilization"], "resolutionSeconds": 60 }
            ]),
            twice,
        ),
    ];
    for (list, message) in cases {
        assert_eq!(stage.update_refused(configured(&list)).await, invalid(message));
        let mut other = configured(&list);
        other["serviceName"] = json!("other");
        assert_eq!(stage.refused(0, other).await, invalid(message));
    }
    for resolution in [0, 19, 21, 30, 61] {
        let list = json!([{ "metricNames": ["CPUUtilization"], "resolutionSeconds": resolution }]);
        assert_eq!(
            stage.update_refused(configured(&list)).await.0,
            "InvalidParameterException"
        );
    }
    let none = configured(&json!([{ "metricNames": ["CPUUtilization"] }]));
    assert_eq!(stage.update_refused(none).await.0, "InvalidParameterException");
    assert_eq!(stage.deployments_made().await, 1);
}
