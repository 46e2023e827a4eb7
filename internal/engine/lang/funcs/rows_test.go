package funcs_test

func rows() []row {
	return []row{
		// Numbers.
		{`abs(-2)`, `2`}, {`abs(unk)`, `unknum`},
		{`ceil(1.2)`, `2`}, {`floor(-1.2)`, `-2`},
		{`log(8, 2)`, `3`}, {`pow(2, 10)`, `1024`}, {`signum(-9)`, `-1`},
		{`max(1, 3, 2)`, `3`}, {`min(4, 3)`, `3`}, {`parseint("ff", 16)`, `255`},
		{`sum([1, 2.5, "3"])`, `6.5`}, {`sum(toset([1, 2]))`, `3`}, {`sum([1, unk])`, `unknum`},

		// Strings.
		{`chomp("a\n\n")`, `"a"`}, {`endswith("abc", "bc")`, `true`}, {`endswith("abc", "ab")`, `false`}, {`endswith(sec, "s")`, `sensitive(true)`},
		{`format("%s-%03d %#v", "a", 7, {x = 1})`, `"a-007 {\"x\":1}"`}, {`formatlist("%s!", ["a", "b"])`, `tolist(["a!", "b!"])`},
		{`indent(2, "a\nb")`, `"a\n  b"`}, {`join(",", ["a", "b"])`, `"a,b"`}, {`join(",", secs)`, `sensitive("s,t")`},
		{`lower("ÀB")`, `"àb"`}, {`upper("àb")`, `"ÀB"`}, {`upper(unk)`, `unkstr`},
		{`regex("a(.)c", "abc")`, `["b"]`}, {`regexall("[a-z]", "a1b")`, `tolist(["a", "b"])`},
		{`replace("a.b.c", ".", "-")`, `"a-b-c"`}, {`replace("abc", "/(b)/", "<$1>")`, `"a<b>c"`}, {`replace("a/b", "/", "-")`, `"a-b"`}, {`replace(sec, "s", "t")`, `sensitive("t")`},
		{`split(",", "a,b")`, `tolist(["a", "b"])`}, {`startswith("abc", "ab")`, `true`}, {`startswith(unk, "a")`, `unkbool`},
		{`startswith(arn, "arn:")`, `true`}, {`startswith(arn, "http")`, `false`}, {`startswith(arn, "arn:aws:s3")`, `unkbool`},
		{`strcontains("abc", "b")`, `true`}, {`strcontains(unk, "b")`, `unkbool`},
		{`strrev("héa")`, `"aéh"`}, {`substr("hello", 1, 3)`, `"ell"`}, {`title("ab cd")`, `"Ab Cd"`},
		{`trim("  a ", " ")`, `"a"`}, {`trimprefix("aab", "a")`, `"ab"`}, {`trimspace("\t a\n")`, `"a"`}, {`trimsuffix("abb", "b")`, `"ab"`},

		// Collections.
		{`alltrue([])`, `true`}, {`alltrue([true, "true"])`, `true`}, {`alltrue([unkbool, false])`, `false`}, {`alltrue([true, null])`, `false`},
		{`anytrue([])`, `false`}, {`anytrue([false, true])`, `true`}, {`anytrue([unkbool, true])`, `true`}, {`anytrue([unkbool])`, `unkbool`},
		{`chunklist(["a", "b", "c"], 2)`, `tolist([tolist(["a", "b"]), tolist(["c"])])`},
		{`coalesce("", null, "x")`, `"x"`}, {`coalesce(nil, sec)`, `sec`}, {`coalesce(unk, "x")`, `unkstr`}, {`coalesce(null, 1, "a")`, `"1"`},
		{`coalescelist([], ["a"])`, `["a"]`}, {`compact(["a", "", null, "b"])`, `tolist(["a", "b"])`},
		{`concat(["a"], ["b"])`, `["a", "b"]`}, {`contains(["a"], "a")`, `true`}, {`contains(["a"], "b")`, `false`}, {`contains([unk], "b")`, `unkbool`},
		{`distinct(["a", "b", "a"])`, `tolist(["a", "b"])`}, {`element(["a", "b"], 3)`, `"b"`}, {`flatten([["a"], [["b"], "c"]])`, `["a", "b", "c"]`},
		{`index(["a", "b"], "b")`, `1`}, {`index(strings, unk)`, `unknum`},
		{`keys({b = 1, a = 2})`, `["a", "b"]`}, {`values({b = 1, a = 2})`, `[2, 1]`},
		{`length([1, 2])`, `2`}, {`length("héllo")`, `5`}, {`length("👨‍👩‍👧")`, `1`}, {`length({a = 1})`, `1`}, {`length([unk, unk])`, `2`}, {`length(secs)`, `sensitive(2)`}, {`length([sec])`, `1`}, {`length("")`, `0`}, {`length(toset(["a", "a"]))`, `1`}, {`length(dyn)`, `unknum`},
		{`lookup({a = "x"}, "a", "d")`, `"x"`}, {`lookup({a = "x"}, "b", "d")`, `"d"`}, {`lookup(tomap({a = "x"}), "b", "d")`, `"d"`}, {`lookup(tomap({a = sec}), "a", "d")`, `sec`}, {`lookup({a = 1}, "a")`, `1`}, {`lookup({a = sec, b = "x"}, "b", "d")`, `"x"`}, {`lookup(tomap({a = "x"}), unk, "d")`, `unk`}, {`lookup(tomap({a = 1}), "b", null)`, `tonumber(null)`},
		{`matchkeys(["i1", "i2", "i3"], ["a", "b", "a"], ["a"])`, `tolist(["i1", "i3"])`}, {`matchkeys(["x"], ["a"], ["b"])`, `tolist(empty)`},
		{`merge({a = 1}, {b = 2}, null)`, `{a = 1, b = 2}`}, {`one([])`, `null`}, {`one(["x"])`, `"x"`}, {`one(toset(["x"]))`, `"x"`}, {`one(empty)`, `nil`}, {`one(unks)`, `unk`},
		{`range(3)`, `tolist([0, 1, 2])`}, {`reverse(["a", "b"])`, `["b", "a"]`},
		{`setintersection(["a", "b"], ["b"])`, `toset(["b"])`}, {`setproduct(["a"], ["b"])`, `tolist([["a", "b"]])`}, {`setsubtract(["a", "b"], ["b"])`, `toset(["a"])`}, {`setunion(["a"], ["b"])`, `toset(["a", "b"])`},
		{`slice(["a", "b", "c"], 1, 2)`, `["b"]`}, {`sort(["b", "a"])`, `tolist(["a", "b"])`},
		{`transpose({a = ["1", "2"], b = ["2"]})`, `tomap({"1" = tolist(["a"]), "2" = tolist(["a", "b"])})`},
		{`zipmap(["a", "b"], [1, 2])`, `{a = 1, b = 2}`},

		// Conversions.
		{`tobool("true")`, `true`}, {`tobool(null)`, `tobool(nil)`}, {`tolist(toset(["a"]))`, `tolist(["a"])`}, {`tolist(["a", 1])`, `tolist(["a", "1"])`},
		{`tomap({a = 1, b = "x"})`, `tomap({a = "1", b = "x"})`}, {`tonumber("1.5")`, `1.5`}, {`tonumber(unk)`, `unkplainnum`}, {`toset(["b", "a", "b"])`, `toset(["a", "b"])`}, {`toset([])`, `toset(tolist([]))`},
		{`tostring(1)`, `"1"`}, {`tostring(true)`, `"true"`}, {`tostring(nil)`, `nil`}, {`tostring(sec)`, `sec`},
		{`try({a = 1}.b, "d")`, `"d"`}, {`can({a = 1}.b)`, `false`},

		// Encodings and hashes.
		{`base64decode("aMOp")`, `"hé"`}, {`base64encode("hé")`, `"aMOp"`}, {`base64encode(sec)`, `sensitive("cw==")`},
		{`base64gunzip(base64gzip("abc"))`, `"abc"`}, {`base64gzip("abc")`, `"H4sIAAAAAAAA/0pMSgYAAAD//wEAAP//wkEkNQMAAAA="`},
		{`base64sha256("a")`, `"ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="`}, {`base64sha512("")`, `"z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="`},
		{`md5("a")`, `"0cc175b9c0f1b6a831c399e269772661"`}, {`sha1("a")`, `"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"`},
		{`sha256("a")`, `"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"`},
		{`sha512("")`, `"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"`}, {`sha512(unk)`, `unkstr`},
		{`csvdecode("a,b\n1,2\n")`, `tolist([{a = "1", b = "2"}])`}, {`jsondecode("{\"a\":[1,null]}")`, `{a = [1, null]}`}, {`jsonencode({b = [1, "<"], a = null})`, `"{\"a\":null,\"b\":[1,\"\\u003c\"]}"`},
		{`textencodebase64("hi", "UTF-16LE")`, `"aABpAA=="`}, {`textdecodebase64("aABpAA==", "UTF-16LE")`, `"hi"`},
		{`urlencode("a b&c/é")`, `"a+b%26c%2F%C3%A9"`}, {`urldecode("a+b%26")`, `"a b&"`},
		{`yamldecode("a: [1, x]\nb: true")`, `{a = [1, "x"], b = true}`}, {`yamlencode({a = [1, "x"]})`, `"\"a\":\n- 1\n- \"x\"\n"`},
		{`uuidv5("dns", "example.com")`, `"cfbff0d1-9375-5685-968c-48ce8b15ae17"`}, {`uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x")`, `uuidv5("dns", "x")`},
		{`rsadecrypt(` + sealed + `, ` + testKey + `)`, `"message"`},

		// Times.
		{`formatdate("DD MMM YYYY hh:mm ZZZ", "2018-01-02T23:12:01Z")`, `"02 Jan 2018 23:12 UTC"`}, {`timeadd("2017-11-22T00:00:00Z", "10m")`, `"2017-11-22T00:10:00Z"`},
		{`timecmp("2017-11-22T00:00:00Z", "2017-11-22T01:00:00+01:00")`, `0`}, {`timecmp("2017-11-22T00:00:00Z", "2017-11-22T00:00:01Z")`, `-1`}, {`timecmp(unk, "2017-11-22T00:00:01Z")`, `unknum`},

		// Networks.
		{`cidrhost("10.12.112.0/20", 268)`, `"10.12.113.12"`}, {`cidrhost("10.0.0.0/24", -1)`, `"10.0.0.255"`}, {`cidrnetmask("172.16.0.0/12")`, `"255.240.0.0"`},
		{`cidrsubnet("172.16.0.0/12", 4, 2)`, `"172.18.0.0/16"`}, {`cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162)`, `"fd00:fd12:3456:7800:a200::/72"`}, {`cidrsubnet(unk, 4, 2)`, `unkstr`},
		{`cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)`, `tolist(["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"])`},
		{`cidrcontains("10.0.0.0/8", "10.1.0.0/16")`, `true`}, {`cidrcontains("10.0.0.0/8", "11.0.0.1")`, `false`},

		// Files and paths.
		{`basename("a/b.txt")`, `"b.txt"`}, {`dirname("a/b.txt")`, `"a"`}, {`dirname(unk)`, `unkstr`}, {`abspath("/a/../b")`, `"/b"`}, {`pathexpand("a/~")`, `"a/~"`},
		{`file("testdata/d/a.txt")`, `"one\n"`}, {`file(sensitive("testdata/d/a.txt"))`, `sensitive("one\n")`}, {`file(unk)`, `unkstr`},
		{`filebase64("testdata/binary.bin")`, `"//4="`}, {`fileexists("testdata/d/a.txt")`, `true`}, {`fileexists("testdata/none")`, `false`},
		{`filemd5("testdata/d/a.txt")`, `md5("one\n")`}, {`filesha1("testdata/d/a.txt")`, `sha1("one\n")`}, {`filesha256("testdata/d/a.txt")`, `sha256("one\n")`}, {`filesha512("testdata/d/a.txt")`, `sha512("one\n")`},
		{`filebase64sha256("testdata/d/a.txt")`, `base64sha256("one\n")`}, {`filebase64sha512("testdata/d/a.txt")`, `base64sha512("one\n")`},
		{`fileset("testdata", "d/**/*.txt")`, `toset(["d/a.txt", "d/sub/b.txt"])`}, {`fileset("testdata/d", "*.{txt,md}")`, `toset(["a.txt"])`}, {`fileset("testdata/d/sub", "../*.txt")`, `toset(["../a.txt"])`}, {`fileset("testdata", "none")`, `toset(empty)`},
		{`templatefile("testdata/hello.tftpl", {name = "you", xs = ["a"]})`, `"hello you [A]\n"`}, {`templatefile("testdata/value.tftpl", {name = [1]})`, `[1]`}, {`templatefile("testdata/nested.tftpl", {name = sec})`, `sensitive("s!")`}, {`templatefile("testdata/value.tftpl", {name = unk})`, `unk`}, {`templatefile(unk, {})`, `dyn`},
		{`templatestring("a $${x}", {x = 1})`, `"a 1"`}, {`templatestring("$${core::upper(x)}", {x = sec})`, `sensitive("S")`},

		// Marks.
		{`sensitive("s")`, `sec`}, {`sensitive(sec)`, `sec`}, {`nonsensitive(sec)`, `"s"`}, {`nonsensitive("s")`, `"s"`}, {`nonsensitive(nonsensitive(unk))`, `unk`},
		{`issensitive(sec)`, `true`}, {`issensitive("s")`, `false`}, {`issensitive([sec])`, `false`}, {`issensitive(unk)`, `unkplain`},
		{`ephemeralasnull(eph)`, `nil`}, {`ephemeralasnull({a = eph, b = "x"})`, `{a = nil, b = "x"}`}, {`ephemeralasnull(sec)`, `sec`},
		{`core::upper("a")`, `"A"`},
	}
}

func errorRows() []row {
	return []row{
		{`abs("x")`, `a number is required`}, {`sum([])`, `no sum`}, {`sum("x")`, `list, set or tuple`}, {`sum(["x"])`, `of numbers`}, {`sum([1, null])`, `of numbers`},
		{`upper(nil)`, `argument must not be null`}, {`replace("a", "/(/", "")`, `invalid regular expression`},
		{`coalesce()`, `one type`}, {`coalesce("", null)`, `every argument is null`}, {`index(["a"], "b")`, `does not hold it`}, {`index("a", "b")`, `must be a list`},
		{`length(1)`, `is a number`}, {`length(null)`, `argument must not be null`}, {`lookup({a = 1}, "b")`, `no attribute "b"`}, {`lookup(tomap({a = 1}), "b")`, `no key "b"`}, {`lookup(tomap({a = 1}), sensitive("hidden"))`, `no key the given sensitive value`}, {`lookup([], "b")`, `map or an object`}, {`lookup({}, "b", 1, 2)`, `at most one default`},
		{`matchkeys(["a"], [], [])`, `0 keys for 1 values`}, {`one(["a", "b"])`, `no element or one`}, {`one(strings)`, `no element or one`}, {`one("a")`, `no element or one`},
		{`transpose({a = null})`, `is null`}, {`transpose({a = [null]})`, `holds a null`}, {`alltrue("x")`, `list of bool required`},
		{`tobool("yes")`, `cannot convert "yes" to bool; only the strings`}, {`tonumber("x")`, `cannot convert "x" to number`}, {`tonumber(sec)`, `cannot convert the given sensitive value`}, {`tolist("a")`, `cannot convert "a" to list`}, {`tomap([1])`, `cannot convert tuple to map`}, {`tostring([])`, `cannot convert tuple to string`},
		{`base64decode("!")`, `not valid base64`}, {`base64decode("//4=")`, `not valid UTF-8`}, {`base64gunzip("YQ==")`, `not gzip`}, {`textencodebase64("é", "US-ASCII")`, `cannot represent`}, {`textencodebase64("a", "nope")`, `IANA`}, {`textdecodebase64("!", "UTF-8")`, `not valid base64`}, {`urldecode("%zz")`, `URL-encoded`},
		{`jsondecode("{")`, `EOF`}, {`yamldecode("{")`, `did not find`}, {`uuidv5("x", "y")`, `or a UUID`},
		{`rsadecrypt("!", "k")`, `not valid base64`}, {`rsadecrypt("YQ==", "secret-key-text")`, `not a private key`}, {`rsadecrypt("YQ==", ` + testKey + `)`, `does not decrypt`},
		{`timecmp("x", "2017-11-22T00:00:00Z")`, `RFC 3339`}, {`timeadd("x", "1h")`, `RFC3339`},
		{`cidrhost("x", 1)`, `CIDR notation`}, {`cidrhost("10.0.0.0/30", 9)`, `prefix`}, {`cidrhost("10.0.0.0/8", 1.5)`, `whole number`}, {`cidrnetmask("::/8")`, `IPv6`}, {`cidrsubnet("10.0.0.0/30", 4, 0)`, `insufficient`}, {`cidrsubnets("10.0.0.0/30", 1, 1, 1)`, `no room left`}, {`cidrsubnets("10.0.0.0/30", 0)`, `at least one bit`}, {`cidrsubnets("10.0.0.0/30", 3)`, `leaves no room`}, {`cidrcontains("x", "10.0.0.1")`, `CIDR`}, {`cidrcontains("10.0.0.0/8", "::1")`, `family`},
		{`file("testdata/none")`, `there is no file "testdata/none"`}, {`file(sensitive("testdata/none"))`, `no file at the given sensitive path`}, {`file("testdata/binary.bin")`, `not UTF-8`}, {`file("testdata")`, `cannot be read`}, {`fileexists("testdata")`, `is a directory`}, {`fileset("testdata", "[")`, `cannot be understood`}, {`filesha256(null)`, `must not be null`}, {`pathexpand("~nobody/x")`, `another user`},
		{`templatefile("testdata/hello.tftpl", {name = "x"})`, `hold no "xs", which the template refers to at testdata/hello.tftpl:1`}, {`templatefile("testdata/hello.tftpl", {"a b" = 1})`, `cannot be the name of a variable`}, {`templatefile("testdata/broken.tftpl", {})`, `testdata/broken.tftpl:1`}, {`templatefile("testdata/value.tftpl", 1)`, `a map or an object`}, {`templatestring("$${x.y}", {x = 1})`, `Unsupported attribute`},
		{`nosuch()`, `no function named "nosuch"`},
	}
}
