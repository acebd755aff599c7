module asynchron

go 1.19
