"""Order exports that look like the ones warehouses and shops send about, with invented people.

Provinces, cities and districts are public geography. Roads, compounds, villages, shops and people
are put together by chance; phone numbers start with prefixes that no operator has been given.
The same seed gives the same rows on every machine, and the first rows do not depend on how many
are asked for.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

COLUMNS = (
    "运单号", "订单号", "收件人", "手机", "收货地址",
    "商品", "数量", "金额", "备注", "下单时间",
)  # fmt: skip

T = TypeVar("T")


class Chance(random.Random):
    """A seeded source of choices."""

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely."""
        return choices[int(self.random() * len(choices))]

    def often(self, share: float) -> bool:
        """True in this share of the calls."""
        return self.random() < share

    def mixed(self, *weighted: tuple[float, T]) -> T:
        """One of the values by its weight; the weights add up to 1."""
        left = self.random()
        for weight, value in weighted:
            left -= weight
            if left < 0:
                return value
        return weighted[-1][1]

    def upto(self, most: int) -> int:
        """A number from 1 to `most`, small ones more often."""
        return 1 + int(self.random() * self.random() * most)

    def digits(self, count: int) -> str:
        """So many digits."""
        return str(int(self.random() * 10**count)).zfill(count)


@dataclass(frozen=True, slots=True)
class Region:
    """A district with its city and province, each with its suffix."""

    province: str
    city: str
    district: str


def _regions(table: str) -> tuple[Region, ...]:
    found = []
    for line in table.split("\n"):
        province, city, *districts = line.split()
        found += [Region(province, city, district) for district in districts]
    return tuple(found)


REGIONS = _regions(
    """浙江省 杭州市 上城区 拱墅区 西湖区 滨江区 萧山区 余杭区 临平区 钱塘区 富阳区 桐庐县
浙江省 宁波市 海曙区 江北区 鄞州区 北仑区 镇海区 慈溪市 余姚市 宁海县
浙江省 温州市 鹿城区 龙湾区 瓯海区 乐清市 瑞安市 平阳县
浙江省 金华市 婺城区 金东区 义乌市 东阳市 永康市 武义县
浙江省 嘉兴市 南湖区 秀洲区 海宁市 桐乡市 嘉善县
浙江省 绍兴市 越城区 柯桥区 上虞区 诸暨市 新昌县
江苏省 南京市 玄武区 秦淮区 建邺区 鼓楼区 栖霞区 江宁区 浦口区
江苏省 苏州市 姑苏区 吴中区 相城区 吴江区 昆山市 常熟市 太仓市
江苏省 无锡市 梁溪区 锡山区 滨湖区 新吴区 江阴市 宜兴市
江苏省 徐州市 泉山区 云龙区 铜山区 邳州市 沛县 睢宁县
江苏省 南通市 崇川区 通州区 海门区 启东市 如皋市
广东省 广州市 越秀区 海珠区 荔湾区 天河区 白云区 番禺区 黄埔区 增城区
广东省 深圳市 罗湖区 福田区 南山区 宝安区 龙岗区 龙华区 光明区
广东省 佛山市 禅城区 南海区 顺德区 三水区
广东省 揭阳市 榕城区 揭东区 普宁市 惠来县
广东省 汕头市 金平区 龙湖区 潮南区 澄海区
福建省 福州市 鼓楼区 台江区 仓山区 晋安区 闽侯县 福清市
福建省 厦门市 思明区 湖里区 集美区 同安区
福建省 泉州市 鲤城区 丰泽区 晋江市 石狮市 安溪县
山东省 济南市 历下区 市中区 槐荫区 历城区 章丘区
山东省 青岛市 市南区 市北区 黄岛区 崂山区 即墨区 胶州市
山东省 临沂市 兰山区 罗庄区 郯城县 沂水县 费县
山东省 潍坊市 奎文区 潍城区 寿光市 诸城市 昌乐县
河南省 郑州市 金水区 二七区 管城回族区 中原区 新郑市 中牟县
河南省 洛阳市 西工区 涧西区 洛龙区 伊川县 新安县
河南省 周口市 川汇区 项城市 太康县 沈丘县 郸城县
河北省 石家庄市 长安区 桥西区 裕华区 正定县 藁城区
河北省 保定市 竞秀区 莲池区 涿州市 高碑店市 定兴县
湖北省 武汉市 江岸区 江汉区 武昌区 洪山区 汉阳区 江夏区 黄陂区
湖北省 襄阳市 襄城区 樊城区 枣阳市 谷城县
湖南省 长沙市 芙蓉区 天心区 岳麓区 雨花区 长沙县 浏阳市
湖南省 衡阳市 蒸湘区 雁峰区 耒阳市 衡南县 祁东县
四川省 成都市 锦江区 青羊区 金牛区 武侯区 成华区 双流区 郫都区 金堂县
四川省 绵阳市 涪城区 游仙区 江油市 三台县
四川省 南充市 顺庆区 高坪区 阆中市 仪陇县
安徽省 合肥市 庐阳区 蜀山区 包河区 瑶海区 肥西县 长丰县
安徽省 阜阳市 颍州区 颍东区 临泉县 太和县 界首市
江西省 南昌市 东湖区 西湖区 青山湖区 南昌县 进贤县
江西省 赣州市 章贡区 南康区 信丰县 于都县
陕西省 西安市 新城区 碑林区 莲湖区 雁塔区 未央区 长安区 高陵区
陕西省 咸阳市 秦都区 渭城区 兴平市 三原县
辽宁省 沈阳市 和平区 沈河区 铁西区 皇姑区 浑南区 于洪区
辽宁省 大连市 中山区 西岗区 沙河口区 甘井子区 瓦房店市
吉林省 长春市 南关区 朝阳区 宽城区 二道区 榆树市 农安县
黑龙江省 哈尔滨市 道里区 南岗区 香坊区 松北区 宾县
山西省 太原市 小店区 迎泽区 杏花岭区 万柏林区 清徐县
云南省 昆明市 五华区 盘龙区 官渡区 西山区 呈贡区 嵩明县
云南省 大理白族自治州 大理市 祥云县 宾川县
贵州省 贵阳市 南明区 云岩区 花溪区 观山湖区 清镇市
广西壮族自治区 南宁市 青秀区 兴宁区 西乡塘区 江南区 横州市
广西壮族自治区 桂林市 秀峰区 七星区 临桂区 阳朔县
海南省 海口市 龙华区 美兰区 琼山区 秀英区
甘肃省 兰州市 城关区 七里河区 安宁区 榆中县
内蒙古自治区 呼和浩特市 新城区 回民区 赛罕区 土默特左旗
内蒙古自治区 鄂尔多斯市 东胜区 康巴什区 准格尔旗
新疆维吾尔自治区 乌鲁木齐市 天山区 沙依巴克区 新市区 水磨沟区
宁夏回族自治区 银川市 兴庆区 金凤区 西夏区 永宁县
北京市 北京市 东城区 西城区 朝阳区 海淀区 丰台区 通州区 昌平区 大兴区 顺义区
上海市 上海市 黄浦区 徐汇区 静安区 普陀区 杨浦区 闵行区 宝山区 浦东新区 松江区 青浦区
天津市 天津市 和平区 河西区 南开区 河北区 西青区 武清区 滨海新区
重庆市 重庆市 渝中区 江北区 沙坪坝区 九龙坡区 南岸区 渝北区 万州区 云阳县"""
)

ROAD_HEADS = (
    "人民 建设 解放 中山 和平 新华 文化 胜利 青年 学府 迎宾 滨河 滨江 环城 振兴 兴业 创新 科技 "
    "工业 朝阳 东风 向阳 光明 长江 黄河 泰山 昆仑 钱江 望湖 临溪 金桥 银杏 梧桐 香樟 玉兰 桂花 "
    "紫荆 "
    "海棠 云栖 凤凰 龙泉 石桥 柳林 松岗 荷塘 竹园 梅岭 古塔 钟楼 鼓山 渔港 丰收 康乐 福田 安泰 "
    "永兴 "
    "隆昌 同德 崇文 尚贤 明德 秋实 春晖 星湖 蓝天 白鹭 五一 三元 七星 九龙 八一 双塔 四平 六合"
).split()
ROAD_ENDS = "路 路 路 路 大道 街 大街 东路 西路 南路 北路 中路 东街 巷 支路 二路 一路".split()
COMPOUND_HEADS = (
    "金色 阳光 翠湖 锦绣 御景 万和 恒泰 碧水 蓝湾 香榭 丽景 书香 盛世 东方 时代 中央 江南 城南 "
    "枫林 听涛 云山 观澜 荷塘 月季 银河 星光 福满 康居 安馨 和谐 幸福 天和 润泽 保和 华庭 "
    "龙湖湾 学林 "
    "桃源 麓山 铂悦 兰亭 绿洲 新城 世纪 凯旋 春江 秀水 长青 名都"
).split()
COMPOUND_ENDS = (
    "花园 家园 小区 小区 新村 名苑 雅苑 公寓 府 城 华府 嘉园 佳苑 湾 里 一期 二期 三期 "
    "东区 西区 南苑 北苑 公馆 豪庭 安置房"
).split()
TOWER_ENDS = "大厦 大厦 广场 中心 国际 商务楼 写字楼 科技园 创业园 SOHO 产业园".split()
TOWN_HEADS = (
    "石桥 柳河 大王 李家 青山 白沙 黄泥 双井 三合 东岗 西塘 南坪 北郭 龙潭 虎坪 马集 羊楼 "
    "新店 老城 河口 沙坪 杨柳 桃花 梨园 麻田 罗坝 周庄 孙铺 高桥 下沙 上塘 横溪 瓦窑 官庄 店子 "
    "牛栏"
).split()
VILLAGE_ENDS = "村 村 村 庄 屯 湾 坪 岗村 沟村 新村".split()
SHOPS = (
    "小满便利店 老地方烟酒 鲜果时光 阿福五金 康民大药房 好邻居超市 巧手裁缝 宝贝母婴 "
    "渔家小馆 兴旺建材 明亮眼镜 顺达汽修 一品茶行 云朵宠物 晨光文具 花间花店"
).split()
COURIER_HINTS = (
    "放丰巢", "放丰巢柜", "放门口", "放门卫", "放快递柜", "送货上门", "放菜鸟驿站", "不要放驿站",
    "放前台", "到了打电话", "家里有人", "放鞋柜上", "放物业", "勿放驿站,要送上门", "晚上6点后送",
    "请打电话", "菜鸟驿站", "东门", "北门进", "顶楼",
)  # fmt: skip

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏"
    "魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武"
    "戴莫孔向汤"
)
DOUBLE_SURNAMES = "欧阳 司马 上官 诸葛 夏侯 皇甫 令狐".split()
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文斌辉鹏飞宇浩然子涵梓轩雨桐"
    "欣怡佳琪"
    "思远晨曦海波永康春生小云凤珍雪莲晓东俊豪嘉诚一诺可馨若溪天佑宏图立新少华庆丰景行"
)
RARE_NAMES = "𠮷田 䶮 㛃 𬭎 𫖯 㑇 𬱖".split()  # characters that GBK does not have
NICKNAMES = (
    "小王同学", "A阿May", "大宝妈妈", "李女士", "张先生", "陈小姐", "老周", "Tony", "🌸花花",
    "可可爱爱",
    "收货人", "前台", "Lucky.", "豆豆👶🏻", "李 雷", "Z", "刘姐", "阿强", "吴老师", "👩‍👧小米粒",
)  # fmt: skip

ENGLISH_ROADS = (
    "Elmwood Harrow Quarry Willow Station Victoria Orchard Kestrel Maple Linden Foundry Canal "
    "Meadow Priory Saddler Thistle Beacon Hollow Juniper Larkspur"
).split()
ENGLISH_ENDS = "Road Rd Rd. Street St St. Avenue Ave Lane Drive Dr Close Boulevard Blvd".split()
ENGLISH_CITIES = (
    "Leeds, West Yorkshire", "Manchester", "Brisbane QLD", "San Jose, CA", "Austin, TX",
    "Toronto, ON", "Singapore", "Auckland", "Cardiff", "Columbus, Ohio", "Dublin", "Perth, WA",
)  # fmt: skip
ENGLISH_COUNTRIES = "UK US USA Australia Canada".split()
ENGLISH_PEOPLE = (
    "Emma Hartwell", "J. Okafor", "Liam O'Dell", "Sofia Marchetti-Bruun", "Wei Ling Tan",
    "Noah Pemberley", "Aoife Kinsale", "Mr D Ravenscroft", "Priya Vantharam", "Zoë Lindqvist",
)  # fmt: skip

ITEMS = (
    ("加厚羊绒围巾", "米白 驼色 烟灰 酒红", "均码"),
    ("纯棉四件套", "浅灰 雾蓝 豆沙粉", "1.5m床 1.8m床 2.0m床"),
    ("儿童保温杯", "恐龙绿 星空蓝 樱花粉", "350ml 500ml"),
    ("男士冲锋衣", "黑色 藏青 军绿", "M L XL 2XL 3XL"),
    ("真空收纳袋", "透明", "大号6个 中号8个 组合装11件"),
    ("手机支架", "黑 白", "桌面款 车载款"),
    ("洗衣凝珠", "薰衣草 蓝风铃", "52颗 100颗"),
    ("无火香薰", "白茶 雪松 桂花", "50ml 150ml"),
    ("新疆灰枣", "特级 一级", "500g 1kg*2"),
    ("电热水壶", "白色 薄荷绿", "1.5L 1.8L"),
    ("瑜伽垫", "紫色 深空灰", "6mm 8mm 10mm"),
    ("女童连衣裙", "鹅黄 浅紫", "110 120 130 140"),
    ("防滑拖鞋", "奶茶色 墨绿", "36-37 38-39 40-41 42-43"),
    ("不锈钢晾衣架", "银色", "20个装 40个装"),
    ("蓝牙耳机", "曜石黑 陶瓷白", "标准版 降噪版"),
    ("手工牛肉酱", "香辣 原味", "210g×2瓶 210g×4瓶"),
    ("加绒打底裤", "黑色 肤色", "S M L XL"),
    ("猫砂", "原味 绿茶", "2.5kg*4 6L"),
    ("LED护眼台灯", "白色", "充电款 插电款"),
    ("中性笔芯", "黑色 蓝色 红色", "0.5mm 100支"),
)
ITEM_LEADS = (
    "",
    "",
    "",
    "",
    "【包邮】",
    "【2件装】",
    "新款 ",
    "秋冬",
    "[现货]",
    "（赠品）",
    "2024款",
)

REMARKS = (
    "尽快发货", "尽快发货，谢谢", "请尽快发货,谢谢！", "发顺丰", "发顺丰，运费到付",
    "不要发{courier}", "发{courier}",
    "送礼用，不要放价格单", "不要放发票", "要发票", "开发票：个人", "电话联系不上就放门口",
    "周末不在家，周一再送",
    "周末送货", "工作日送", "{hour}点以后送", "晚上{hour}点后在家", "麻烦包装好一点",
    "多放点气泡膜，上次碎了",
    "颜色发{colour}", "没有{colour}就发白色", "换成{size}码", "改地址了，请看收货地址",
    "跟上一单一起发",
    "和订单{order}一起发", "补发，上次少了{few}个", "已退款，勿发", "缺货请联系我",
    "送个小礼物呗", "给我挑好的",
    "第{few}次买了，质量不错", "帮忙写张卡片：生日快乐", "快递放丰巢 取件码发我", "放{few}号柜",
    "老客户，优惠{few}元",
    "加急!!!", "加急", "今天能发吗？", "今天发货吗", "谢谢", "谢谢老板", "谢谢～", "好评返现?",
    "不急", "轻拿轻放",
    "please ship asap", "Gift wrap please", "Leave at reception.", "no call after 9pm",
    "Call before delivery",
    "宝宝用的，别发有味道的", "家里老人收，请打电话({few}楼没电梯)", "收件人改为{name}",
    "电话打不通打{phone}",
)  # fmt: skip
ODD_REMARKS = (
    "=)", "=早上送=", "-", "--", "+1", "+86开头的是家里电话", "@客服小美", "NULL", "null", "无",
    "N/A", "1.5", "谢谢🙏",
    "👍👍", "老板大气❤️", "👨‍👩‍👧‍👦一家人用", "🎁生日礼物🎂", "开心就好\U0001f600",
    "第一行\n第二行要看", "送到门口\r\n放左边",
    '他说"轻点放"', '"', "a,b,c", "麻烦\t快点", "尽快\u200b发货", "家庭👩🏽‍🚀套装", "می‌خواهم",
    "全角：ＡＢＣ１２３", "㎡说明：3㎡",
    "…………", "①先发围巾②再发被套", "<br>无备注", "'单引号开头", "价格：￥9.9", "ok👌🏿", "备注：",
    " ", "0", "-5", "=1+1",
)  # fmt: skip
COURIERS = "圆通 中通 申通 韵达 极兔 邮政 京东 德邦".split()
COLOURS = "黑色 白色 蓝色 红色 灰色".split()

FREE_PREFIXES = ("154", "160", "161", "163", "164", "168", "169")  # given to no operator
NUMERALS = "零一二三四五六七八九十"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as the shop knows them."""

    name: str
    phone: str
    address: str


def orders(n: int, seed: int) -> Iterator[dict[str, str]]:
    """Invented order rows, one after the other.

    Parameters
    ----------
    n : int
        How many rows.
    seed : int
        The same seed gives the same rows; a longer export begins with the shorter one.

    Yields
    ------
    dict of str to str
        One order with the keys of `COLUMNS`, in that order.
    """
    chance = Chance(seed)
    regulars: deque[Person] = deque(maxlen=400)
    placed = datetime(2024, 10, 8, 8, 0, 0)
    for _ in range(n):
        placed += timedelta(seconds=chance.upto(90))
        if regulars and chance.often(0.07):
            person = chance.pick(regulars)
        else:
            person = _person(chance)
            regulars.append(person)
        yield _order(chance, person, placed)


def _order(chance: Chance, person: Person, placed: datetime) -> dict[str, str]:
    number = f"{placed:%y%m%d}{chance.digits(12)}"
    name, phone = person.name, person.phone
    if chance.often(0.15):
        name, phone = _masked_name(chance, name), phone[:3] + "****" + phone[-4:]
    price = chance.pick((9.9, 12.8, 19.9, 25.0, 39.0, 49.9, 68.0, 89.0, 128.0, 299.0, 1299.0))
    quantity = chance.upto(4)
    total = price * quantity
    row = {
        "运单号": chance.mixed((0.5, "YT"), (0.3, "7"), (0.2, "SF")) + chance.digits(13),
        "订单号": number,
        "收件人": name,
        "手机": phone,
        "收货地址": person.address,
        "商品": _item(chance),
        "数量": str(quantity),
        "金额": f"{total:,.2f}" if chance.often(0.1) else f"{total:.2f}",
        "备注": _remark(chance),
        "下单时间": f"{placed:%Y-%m-%d %H:%M:%S}",
    }
    if chance.often(0.02):
        _spoil(chance, row)
    return row


def _spoil(chance: Chance, row: dict[str, str]) -> None:
    """What spreadsheets, manual edits and half-filled forms do to a row."""
    column = chance.pick(("运单号", "订单号", "手机", "收件人", "收货地址", "商品", "金额"))
    if column in ("运单号", "订单号"):
        plain = row[column]
        row[column] = chance.pick(("1.23E+13", f'="{plain}"', f"'{plain}", f"{plain}\t", ""))
    elif column == "手机":
        row[column] = chance.pick(("", "1.54E+10", f"+86 {row[column]}", f"{row[column]}.0"))
    else:
        row[column] = chance.pick(("", "NULL", row[column] + " ", " " + row[column]))


def _person(chance: Chance) -> Person:
    if chance.often(0.03):
        return Person(chance.pick(ENGLISH_PEOPLE), _phone(chance), _english_address(chance))
    return Person(_name(chance), _phone(chance), _address(chance))


def _name(chance: Chance) -> str:
    if chance.often(0.06):
        return chance.pick(NICKNAMES)
    surname = chance.pick(DOUBLE_SURNAMES) if chance.often(0.01) else chance.pick(SURNAMES)
    if chance.often(0.004):
        return surname + chance.pick(RARE_NAMES)
    return surname + "".join(chance.pick(GIVEN) for _ in range(1 if chance.often(0.25) else 2))


def _masked_name(chance: Chance, name: str) -> str:
    if len(name) < 3:
        return name[:1] + "*"
    return chance.pick((f"{name[0]}*{name[-1]}", f"{name[0]}**", f"{name[0]}*"))


def _phone(chance: Chance) -> str:
    phone = chance.pick(FREE_PREFIXES) + chance.digits(8)
    if chance.often(0.03):
        return f"{phone[:3]} {phone[3:7]} {phone[7:]}"
    if chance.often(0.05):
        return f"{phone}-{chance.digits(4)}"  # a privacy number with its extension
    return phone


def _address(chance: Chance) -> str:
    region = chance.pick(REGIONS)
    kind = chance.mixed(
        (0.62, _compound), (0.1, _village), (0.1, _office), (0.06, _shop),
        (0.05, _campus), (0.05, _factory), (0.02, _post_box),
    )  # fmt: skip
    detail = kind(chance)
    if chance.often(0.09):
        detail += _hint(chance)
    if chance.often(0.012):
        detail = detail.translate(WIDE)
    return _written_region(chance, region) + detail


def _written_region(chance: Chance, region: Region) -> str:
    """The region as a form, an app or a customer writes it."""
    province, city, district = region.province, region.city, region.district
    street = f"{chance.pick(TOWN_HEADS)}街道" if chance.often(0.35) else ""
    levels = [province, city, district]
    way = chance.random()
    if way < 0.36:  # chosen from a form's lists, joined with spaces
        if province == city and chance.often(0.4):
            levels[0] = province[:-1]
        return " ".join([*levels, street]).rstrip() + " "
    if province == city:
        levels = levels[1:]
    if way < 0.68:
        return "".join(levels) + street
    if way < 0.80:  # typed, with the endings left out
        short = [_short(level) for level in levels[:-1]]
        return "".join([*short, district]) + street
    if way < 0.90:  # no province
        return "".join(levels[-2:]) + street
    if way < 0.94:  # chosen and then typed once more
        whole = "".join(levels)
        return whole + (" " if chance.often(0.5) else "") + whole + street
    if way < 0.97:
        return chance.pick((",", "，", "-", "/")).join(levels) + street
    return district + street


def _short(level: str) -> str:
    for ending in ("壮族自治区", "维吾尔自治区", "回族自治区", "白族自治州", "自治区", "省", "市"):
        if level.endswith(ending):
            return level[: -len(ending)]
    return level


def _road(chance: Chance) -> str:
    return chance.pick(ROAD_HEADS) + chance.pick(ROAD_ENDS)


def _road_and_number(chance: Chance) -> str:
    number = chance.upto(900)
    tail = chance.mixed((0.86, "号"), (0.06, ""), (0.04, "弄"), (0.04, f"-{chance.upto(9)}号"))
    return f"{_road(chance)}{number}{tail}"


def _compound(chance: Chance) -> str:
    name = chance.pick(COMPOUND_HEADS) + chance.pick(COMPOUND_ENDS)
    way = chance.random()
    if way < 0.45:
        place = _road_and_number(chance) + name
    elif way < 0.8:
        place = name
    elif way < 0.93:
        place = _road(chance) + name
    else:
        place = f"{name}({_road(chance)}店旁)" if chance.often(0.2) else f"{_road(chance)} {name}"
    return place + (" " if chance.often(0.06) else "") + _flat(chance)


def _flat(chance: Chance) -> str:
    """Building, unit and room."""
    building = f"{chance.upto(60)}"
    if chance.often(0.06):
        building = chance.pick("ABCDE") + (chance.digits(1) if chance.often(0.3) else "")
    floor, door = chance.upto(33), chance.upto(6)
    room = f"{floor}{door:02d}"
    unit = chance.upto(5)
    if chance.often(0.12):
        joint = chance.mixed((0.9, "-"), (0.06, "－"), (0.04, "—"))
        return joint.join([building, str(unit), room] if chance.often(0.7) else [building, room])
    block = building + chance.mixed(
        (0.36, "栋"), (0.26, "号楼"), (0.2, "幢"), (0.07, "座"), (0.06, "#"), (0.05, "号")
    )
    if chance.often(0.03) and building.isdigit() and int(building) <= 10:
        block = NUMERALS[int(building)] + block[len(building) :]
    parts = [block]
    if chance.often(0.56):
        parts.append((NUMERALS[unit] if chance.often(0.18) else str(unit)) + "单元")
    if chance.often(0.05):
        parts.append(f"{floor}楼")
        room = chance.pick((room, "东户", "西户", f"{door}号", "左手边"))
    ending = chance.mixed((0.47, "室"), (0.43, ""), (0.05, "号"), (0.05, "房"))
    parts.append(room + ending if room.isdigit() else room)
    return (" " if chance.often(0.05) else "").join(parts)


def _village(chance: Chance) -> str:
    town = chance.pick(TOWN_HEADS) + chance.mixed((0.8, "镇"), (0.2, "乡"))
    village = chance.pick(TOWN_HEADS) + chance.pick(VILLAGE_ENDS)
    tail = chance.mixed(
        (0.3, f"{chance.upto(15)}组{chance.upto(120)}号"),
        (0.2, f"{chance.upto(300)}号"),
        (0.14, ""),
        (0.1, f"{chance.upto(15)}组"),
        (0.06, f"{NUMERALS[chance.upto(10)]}组"),
        (0.1, "村委会旁"),
        (0.1, "小学对面"),
    )
    return town + village + tail


def _office(chance: Chance) -> str:
    tower = chance.pick(COMPOUND_HEADS) + chance.pick(TOWER_ENDS)
    block = f"{chance.pick('ABCD')}座" if chance.often(0.5) else f"{chance.upto(12)}号楼"
    floor = chance.upto(38)
    room = chance.mixed(
        (0.5, f"{floor}{chance.upto(20):02d}"),
        (0.2, f"{floor}{chance.upto(20):02d}室"),
        (0.2, f"{floor}楼"),
        (0.1, f"{floor}F"),
    )
    return _road_and_number(chance) + tower + (block if chance.often(0.75) else "") + room


def _shop(chance: Chance) -> str:
    shop = chance.pick(SHOPS)
    return _road_and_number(chance) + chance.mixed(
        (0.5, shop), (0.2, f"（{shop}）"), (0.15, f"({shop})"), (0.15, f" {shop}旁边")
    )


def _campus(chance: Chance) -> str:
    school = chance.pick(ROAD_HEADS) + chance.pick(
        ("职业技术学院", "大学", "师范学院", "中学", "理工学院")
    )
    yard = chance.pick(("北苑", "南区", "东校区", "学生公寓", "", "西区宿舍"))
    return f"{school}{yard}{chance.upto(30)}{chance.pick(('号楼', '栋', '舍'))}{chance.upto(6)}" + (
        f"{chance.upto(40):02d}"
    )


def _factory(chance: Chance) -> str:
    park = chance.pick(TOWN_HEADS) + chance.pick(("工业园", "工业区", "开发区", "物流园", "产业园"))
    firm = chance.pick(COMPOUND_HEADS) + chance.pick(("服饰", "电子", "五金制品", "包装", "食品"))
    where = f"{chance.pick('ABCD')}区{chance.upto(20)}号" if chance.often(0.5) else _road(chance)
    return park + where + firm + chance.pick(("有限公司", "厂", "有限公司仓库", "（有限公司）收"))


def _post_box(chance: Chance) -> str:
    return f"{chance.digits(3)}信箱{chance.upto(60)}分箱"


def _hint(chance: Chance) -> str:
    hint = chance.pick(COURIER_HINTS)
    return chance.mixed(
        (0.42, f"（{hint}）"), (0.26, f"({hint})"), (0.1, f"【{hint}】"),
        (0.1, f" {hint}"), (0.07, f"，{hint}"), (0.05, f",{hint}"),
    )  # fmt: skip


def _english_address(chance: Chance) -> str:
    number, flat = chance.upto(400), chance.upto(60)
    road = f"{number} {chance.pick(ENGLISH_ROADS)} {chance.pick(ENGLISH_ENDS)}"
    city = chance.pick(ENGLISH_CITIES)
    code = chance.digits(5)
    inner = chance.mixed(
        (0.35, ""), (0.2, f", Apt {flat}"), (0.12, f", Apartment {flat}"),
        (0.13, f" #{flat}"), (0.1, f", Unit {flat}"), (0.1, f", Flat {flat}"),
    )  # fmt: skip
    end = f", {chance.pick(ENGLISH_COUNTRIES)}" if chance.often(0.4) else ""
    address = f"{road}{inner}, {city} {code}{end}"
    return address.upper() if chance.often(0.06) else address


def _item(chance: Chance) -> str:
    name, colours, sizes = chance.pick(ITEMS)
    colour, size = chance.pick(colours.split()), chance.pick(sizes.split())
    title = chance.pick(ITEM_LEADS) + name
    return chance.mixed(
        (0.3, f"{title} 颜色:{colour};规格:{size}"),
        (0.2, f"{title}（{colour}，{size}）"),
        (0.15, f"{title}({colour},{size})"),
        (0.2, f"{title} {colour} {size}"),
        (0.08, f"{title}-{colour}-{size}"),
        (0.07, f"{title}*{chance.upto(3)}"),
    )


def _remark(chance: Chance) -> str:
    if chance.often(0.62):
        return ""
    if chance.often(0.06):
        return chance.pick(ODD_REMARKS)
    remark = chance.pick(REMARKS).format(
        courier=chance.pick(COURIERS),
        hour=chance.upto(12),
        colour=chance.pick(COLOURS),
        size=chance.pick(("M", "L", "XL", "38", "40")),
        order=chance.digits(6),
        few=chance.upto(6),
        name=_name(chance),
        phone=_phone(chance),
    )
    if chance.often(0.2):
        remark += chance.mixed((0.4, "，"), (0.3, ","), (0.3, " ")) + chance.pick(REMARKS[:3])
    return remark
