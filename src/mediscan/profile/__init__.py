"""The rules, as data: what the Application Level Confidentiality Profiles of PS3.15 ask of each data element."""
